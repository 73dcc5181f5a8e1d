import { ArgumentError, describe } from '@ndgrad/core';
import { DataError } from './errors.ts';
import type { FilePath } from './places.ts';

// Node's modules are reached at first use, not imported, so that the rest of the package also runs in a browser.
type NodeModules = typeof process.getBuiltinModule;

/** One of Node's own modules. @throws DataError outside Node */
export const nodeModule: NodeModules = (id: string) => {
  const modules = globalThis.process?.getBuiltinModule as NodeModules | undefined;
  if (modules !== undefined) return modules(id as 'fs');
  throw new DataError(
    '@ndgrad/data: reading files needs Node; in a browser, fetch the file and hand its content to parseIdx or parseCsv',
  );
};

/** The path, absolute, of a path or a `file:` URL. @throws ArgumentError for anything else */
export function absolutePath(operation: string, name: string, file: FilePath): string {
  if (file instanceof URL || (typeof file === 'string' && file.startsWith('file:'))) {
    const url = new URL(file);
    if (url.protocol === 'file:') return nodeModule('node:url').fileURLToPath(url);
  } else if (typeof file === 'string' && file !== '') {
    return nodeModule('node:path').resolve(file);
  }
  throw new ArgumentError(`${operation}: ${name} must be a path or a file: URL, got ${describe(String(file))}`);
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

/** The bytes of a file. @throws DataError naming the file and the reason when it can't be read */
export function readBytes(operation: string, path: string): Uint8Array {
  try {
    return nodeModule('node:fs').readFileSync(path);
  } catch (cause) {
    throw unreadable(operation, path, cause);
  }
}

/** What a folder holds, sorted. @throws DataError naming the folder and the reason when it can't be read */
export function listFolder(operation: string, path: string): string[] {
  try {
    return nodeModule('node:fs').readdirSync(path).sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = { ENOENT: 'there is no such folder', ENOTDIR: 'it is a file, not a folder' }[code ?? ''];
    throw unreadable(operation, path, cause, reason);
  }
}

function unreadable(operation: string, path: string, cause: unknown, reason?: string): Error {
  if (cause instanceof DataError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return new DataError(`${operation}: can't read ${path}: ${reason ?? reasons[code ?? ''] ?? message}`, { cause });
}

/**
 * The `require` of the first place that finds the package, and the package's folder.
 * @throws DataError with the command that installs it where no place does
 */
export function findPackage(
  operation: string,
  name: string,
  from: FilePath | null,
  otherwise = '',
): { folder: string; load: NodeJS.Require } {
  const { createRequire } = nodeModule('node:module');
  const { dirname } = nodeModule('node:path');
  const places = from === null ? usualPlaces() : [absolutePath(operation, 'from', from)];
  for (const place of places) {
    const load = createRequire(place);
    try {
      return { folder: dirname(load.resolve(`${name}/package.json`)), load };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    }
  }
  throw new DataError(
    `${operation}: the package "${name}" can't be found from ${places.map((place) => dirname(place)).join(' or ')}; ` +
      `npm install ${name}${otherwise}`,
  );
}

function usualPlaces(): string[] {
  const { join, resolve } = nodeModule('node:path');
  const program = process.argv[1];
  const places = [join(process.cwd(), 'index.js'), nodeModule('node:url').fileURLToPath(import.meta.url)];
  return program === undefined ? places : [resolve(program), ...places];
}
