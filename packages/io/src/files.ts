import { type FileHandle, open, stat } from 'node:fs/promises';
import { FileError } from './errors.ts';
import { checkPath, systemError } from './system.ts';

/** How much is read at a time: 64 MiB. */
const PIECE = 2 ** 26;

/**
 * All bytes of a file.
 * @throws FileError for a file that is missing, a folder or a device, or may not be read
 */
export async function readFileWhole(path: string): Promise<Uint8Array> {
  checkPath('readFileWhole', path);
  try {
    return await readWhole(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new FileError(path, 'there is no such file', 'check the path', { cause });
    }
    throw systemError(path, "can't be read", cause);
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const before = await stat(path);
  if (before.isDirectory()) throw new FileError(path, 'it is a folder', 'give the path of a file in it');
  if (!before.isFile()) throw new FileError(path, 'it is no regular file', 'copy it into a file');
  const file = await open(path, 'r');
  try {
    return await fill(path, file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function fill(path: string, file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = allocate(path, size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, PIECE), at);
    if (bytesRead === 0) {
      throw new FileError(path, `it became shorter while it was read`, 'read it once its writer is done', { at });
    }
    at += bytesRead;
  }
  return bytes;
}

function allocate(path: string, size: number): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new FileError(path, `there is no memory for its ${size} bytes`, 'read it on a machine with more', { cause });
  }
}
