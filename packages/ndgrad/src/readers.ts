import type { Output } from '@ndgrad/train/progress';

const READER_GONE = 141; // as a shell reports a program that SIGPIPE ended: 128 + 13

/** Makes the program leave without noise when nobody reads any more, as in `pnpm train | head`. */
export function leaveQuietly(...streams: readonly Output[]): void {
  // Left there for good: the last write's error comes after the end.
  for (const stream of streams as readonly NodeJS.EventEmitter[]) {
    stream.off('error', onWriteError);
    stream.on('error', onWriteError);
  }
}

function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(READER_GONE);
  throw error;
}
