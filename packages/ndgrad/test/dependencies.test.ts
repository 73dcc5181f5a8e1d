import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

type Manifest = Partial<Record<(typeof kinds)[number], Record<string, string>>>;

/** `library of package`, for all that the packages bring with them. */
function declared(): string[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
    const libraries = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
    return libraries.filter((library) => !library.startsWith('@ndgrad/')).map((library) => `${library} of ${name}`);
  });
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

it('docs/dependencies.md names every runtime dependency, and none that is gone', () => {
  expect(documented().sort()).toEqual(declared().sort());
  expect(documented()).toContain('ndarray of core');
});
