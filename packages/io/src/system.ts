import { dirname } from 'node:path';
import { ArgumentError, describe } from '@ndgrad/core';
import { FileError } from './errors.ts';

/** The system's reasons, with what helps: [problem, fix]. */
const reasons: Record<string, (path: string) => readonly [problem: string, fix: string]> = {
  ENOENT: (path) => [`the folder ${dirname(path)} does not exist`, 'make it first'],
  ENOTDIR: (path) => [`${dirname(path)} is not a folder`, 'give a path in a folder'],
  EISDIR: () => ['it is a folder', 'give the path of a file in it'],
  EACCES: (path) => ['you have no permission', `check the permissions of the file and of the folder ${dirname(path)}`],
  EPERM: (path) => ['the system forbids it', `check the permissions of the file and of the folder ${dirname(path)}`],
  EROFS: () => ['the file system is read-only', 'choose a folder that can be written'],
  ENOSPC: () => ['the disk is full', 'free some space, or choose another disk'],
  EDQUOT: () => ['your share of the disk is full', 'free some space, or choose another disk'],
  EFBIG: () => ['the file is larger than the system allows', 'save less, or raise the limit (ulimit -f)'],
  ENAMETOOLONG: () => ['the name is too long', 'choose a shorter one'],
  ELOOP: () => ['its symbolic links lead in a circle', 'give the path of a file'],
  EMFILE: () => ['too many files are open', 'close some, or raise the limit (ulimit -n)'],
  ENFILE: () => ['too many files are open', 'close some, or raise the limit (ulimit -n)'],
  EIO: () => ['the disk reports an error', 'choose another disk'],
};

/** What the system refused, as a FileError with the reason; our own errors as they are. */
export function systemError(path: string, problem: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (cause instanceof FileError || code === undefined || (cause as NodeJS.ErrnoException).syscall === undefined) {
    return cause;
  }
  const [reason, fix] = reasons[code]?.(path) ?? [(cause as Error).message, 'remove that cause, then try again'];
  return new FileError(path, `${problem}, because ${reason}`, fix, { cause });
}

/** What is there, or `null` where nothing is. */
export async function missingIsNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws ArgumentError unless `path` is text that can be a path */
export function checkPath(operation: string, path: unknown): asserts path is string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new ArgumentError(`${operation}: the path must be text that is not empty, got ${describe(path)}`);
  }
}
