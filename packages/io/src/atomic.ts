import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ArgumentError, describe } from '@ndgrad/core';
import { FileError } from './errors.ts';
import { checkPath, missingIsNull, systemError } from './system.ts';

const only = 'the bytes must be a Uint8Array, or several';

/** No write that still lives leaves its temporary file untouched for so long: an hour, in milliseconds. */
const ABANDONED = 3_600_000;

/**
 * Writes a file whole or not at all. The bytes go into a temporary file in the same folder, which is flushed to the
 * disk and then renamed to `path`; then the folder is flushed. At every instant `path` holds the old file or the new
 * one, whole: also when the process is killed, the disk is full or the power fails. The permissions of a file that was
 * there are kept, a symbolic link stays and its target is replaced. Of several that write one path at a time, each
 * writes whole files and the last stays.
 * @param bytes all of the file, at once or in pieces; they must not change until the promise is fulfilled
 * @throws FileError when the folder is missing or may not be written, `path` is a folder, a device or a read-only file,
 *   or the disk is full; the temporary file is then removed, and `path` holds what it held
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  checkPath('writeFileAtomic', path);
  if (typeof bytes === 'string' || typeof bytes?.[Symbol.iterator] !== 'function') {
    throw new ArgumentError(`writeFileAtomic: ${only}, got ${describe(bytes)}`);
  }
  const target = await attempt(path, "can't be written", () => targetOf(path));
  const folder = dirname(target.path);
  const temporary = join(folder, `${temporaryPrefix(target.path)}${randomBytes(6).toString('hex')}.tmp`);
  const mode = target.before === null ? 0o666 : target.before.mode & 0o777;
  await removeAbandoned(target.path);
  const file = await attempt(path, "can't be written", () => open(temporary, 'wx', mode));
  try {
    await fill(path, file, bytes, target.before);
    await attempt(path, "can't be put in place", () => rename(temporary, target.path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await attempt(path, 'is written, but may not outlast a power failure', () => syncFolder(folder));
}

/** Where the bytes go in the end, behind symbolic links, and what is there now. */
async function targetOf(path: string): Promise<{ path: string; before: Stats | null }> {
  const real = (await missingIsNull(realpath(path))) ?? path;
  const before = await missingIsNull(stat(real));
  if (before === null && !path.endsWith(sep)) return { path: real, before };
  if (before === null || before.isDirectory())
    throw new FileError(path, 'it is a folder', 'give the path of a file in it');
  if (!before.isFile()) throw new FileError(path, 'it is no regular file', 'give the path of a file');
  // A rename would replace a read-only file without asking.
  await (await open(real, 'r+')).close();
  return { path: real, before };
}

async function fill(
  path: string,
  file: FileHandle,
  bytes: Uint8Array | Iterable<Uint8Array>,
  before: Stats | null,
): Promise<void> {
  try {
    for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
      if (!(part instanceof Uint8Array)) throw new ArgumentError(`writeFileAtomic: ${only}, got ${describe(part)}`);
      await attempt(path, "can't be written", () => file.writeFile(part));
    }
    await attempt(path, "can't be written", async () => {
      if (before !== null) await keepPermissions(file, before);
      await file.sync();
    });
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await attempt(path, "can't be written", () => file.close());
}

async function keepPermissions(file: FileHandle, before: Stats): Promise<void> {
  const { uid, gid, mode } = await file.stat();
  // Only the administrator may give files away; to others the file then belongs.
  if (uid !== before.uid || gid !== before.gid) await file.chown(before.uid, before.gid).catch(() => undefined);
  if (mode !== before.mode) await file.chmod(before.mode & 0o7777);
}

/** Flushes the folder, so that the new name is on the disk; where a folder can't be opened or flushed, nothing. */
async function syncFolder(folder: string): Promise<void> {
  const unable = ['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'ENOSYS', 'EBADF'];
  const opened = await open(folder, 'r').catch(() => null);
  if (opened === null) return;
  try {
    await opened.sync();
  } catch (error) {
    if (!unable.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await opened.close();
  }
}

/** What the names of a file's temporary files begin with; 12 hexadecimal digits follow. Short enough for any disk. */
const temporaryPrefix = (path: string): string => `.${basename(path).slice(0, 50)}.`;

/** Removes what writers of the same file left when they were killed, once nobody can be writing it any more. */
async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}\.tmp$/.test(name.slice(prefix.length))) continue;
    const left = await stat(join(folder, name)).catch(() => null);
    if (left !== null && left.mtimeMs < Date.now() - ABANDONED) await unlink(join(folder, name)).catch(() => undefined);
  }
}

async function attempt<T>(path: string, problem: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    throw systemError(path, problem, cause);
  }
}
