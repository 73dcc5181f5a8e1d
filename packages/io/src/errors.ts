import { NdgradError } from '@ndgrad/core';

/** Where in a file the trouble is, and what led to it. */
export interface FileErrorOptions {
  /** The byte that is wrong, counted from the beginning of the file. */
  at?: number;
  cause?: unknown;
}

/**
 * A file that can't be read or written, or that doesn't hold what it should. The message is
 * `path: what is wrong, at byte N: fix`; the byte stands there where one is to blame.
 */
export class FileError extends NdgradError {
  /** The file; or what the bytes are called that came from no file. */
  readonly path: string;
  /** The byte that is wrong, counted from the beginning of the file; `null` where no byte is to blame. */
  readonly at: number | null;

  constructor(path: string, problem: string, fix: string, { at, cause }: FileErrorOptions = {}) {
    super(`${path}: ${problem}${at === undefined ? '' : `, at byte ${at}`}: ${fix}`, { cause });
    this.path = path;
    this.at = at ?? null;
  }
}
