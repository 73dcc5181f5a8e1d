import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

type Manifest = Partial<Record<(typeof kinds)[number], Record<string, string>>>;

/** `library of package`, for all that the packages bring with them or have inside. */
function used(): string[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
    const installed = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
    const libraries = new Set([...installed, ...imported(join(root, 'packages', name, 'src'))]);
    return [...libraries]
      .filter((library) => !/^(@ndgrad|ndgrad)/.test(library))
      .map((library) => `${library} of ${name}`);
  });
}

/** The packages that sources import. */
function imported(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) =>
    [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /^(?:import|export) .*?from '(?!node:)((?:@[^/']+\/)?[^/.']+)/gm,
      ),
    ].map(([, library]) => library!),
  );
}

/** The same, from the rows of docs/dependencies.md. */
function documented(): string[] {
  const rows = readFileSync(join(root, 'docs/dependencies.md'), 'utf8').matchAll(/^\| ([^|]*`[^|]*) \| ([^|]*) \|/gm);
  return [...rows].flatMap(([, libraries, packages]) =>
    [...libraries!.matchAll(/`(.*?)`/g)].flatMap(([, library]) =>
      packages!.split(', ').map((name) => `${library} of ${name}`),
    ),
  );
}

it('docs/dependencies.md names all that the packages install or bundle, and nothing that is gone', () => {
  expect(documented().sort()).toEqual(used().sort());
  expect(documented()).toContain('ndarray of core');
});
