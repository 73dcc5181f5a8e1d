import cliProgress from 'cli-progress';
import type { BatchProgress, EpochRecord, Progress } from './records.ts';
import { duration, grouped, percent, significant } from './text.ts';

/** A stream to write on: `process.stderr`. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Runs of more epochs list about `SOME` of them. */
const ALL = 25;
const SOME = 10;
const WIDEST_BAR = 30;

/**
 * Shows progress on a terminal as a bar with rate, loss, accuracy and time left, above which the epochs are listed; on
 * a stream that is no terminal (or a dumb one), as the list alone. Runs of more than 25 epochs list about ten of them.
 * @param stream default `process.stderr`, so that the standard output holds results only
 */
export function progressBar(stream: Output = process.stderr): Progress {
  return stream.isTTY && process.env.TERM !== 'dumb' ? bar(stream) : lines(stream);
}

function lines(stream: Output): Progress {
  let epochs = 0;
  let started = 0;
  return {
    start: (run) => {
      epochs = run.epochs;
      started = performance.now();
    },
    batch() {},
    epoch: (record) => {
      if (isListed(record.epoch, epochs)) stream.write(`${epochLine(record, epochs, performance.now() - started)}\n`);
    },
    stop() {},
  };
}

function bar(stream: Output): Progress {
  const view = new cliProgress.SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    format: (_, { value, maxWidth }, { text }) => fitted(value, text, maxWidth ?? 80),
  });
  let run: { epochs: number; batches: number | null } = { epochs: 0, batches: null };
  let started = 0;
  let epochStarted = 0;
  let share = 0;
  let doneBefore = 0; // the share of a resumed run
  return {
    start: (given) => {
      run = given;
      started = epochStarted = performance.now();
      doneBefore = (given.history?.length ?? 0) / given.epochs;
      view.start(1, 0, { text: 'starting' });
    },
    batch: (state) => {
      const { epochs, batches } = run;
      share = (state.epoch - 1 + (batches === null ? 0 : Math.min(1, state.batch / batches))) / epochs;
      const now = performance.now();
      const left = share > doneBefore ? ((now - started) * (1 - share)) / (share - doneBefore) : null;
      view.update(share, { text: barText(state, epochs, left, now - epochStarted) });
    },
    epoch: (record) => {
      epochStarted = performance.now();
      if (!isListed(record.epoch, run.epochs)) return;
      view.stop();
      stream.write(`${epochLine(record, run.epochs, performance.now() - started)}\n`);
      if (record.epoch < run.epochs) view.start(1, share, { text: '' });
    },
    stop: () => view.stop(),
  };
}

/** The bar, as wide as the terminal leaves room beside the text. */
function fitted(share: number, text: string, columns: number): string {
  const width = Math.max(0, Math.min(WIDEST_BAR, columns - text.length - 9));
  const full = Math.round(share * width);
  return `${'━'.repeat(full)}${'╌'.repeat(width - full)} ${String(Math.floor(100 * share)).padStart(3)} %  ${text}`;
}

/** Rate, loss, accuracy and time left; times in milliseconds. */
function barText(state: BatchProgress, epochs: number, left: number | null, inEpoch: number): string {
  const parts = [
    `epoch ${state.epoch}/${epochs}`,
    `${grouped((1000 * state.rows) / Math.max(inEpoch, 1))} rows/s`,
    `loss ${significant(state.loss)}`,
  ];
  if (state.accuracy !== null) parts.push(percent(state.accuracy, 1));
  if (left !== null) parts.push(`${duration(left / 1000)} left`);
  return parts.join('  ');
}

/** The first and the last epoch, and so many between that the list stays readable. */
function isListed(epoch: number, epochs: number): boolean {
  return epochs <= ALL || epoch === 1 || epoch === epochs || epoch % Math.ceil(epochs / SOME) === 0;
}

/** What an epoch came to, and the time since the run began, in milliseconds. */
function epochLine(record: EpochRecord, epochs: number, elapsed: number): string {
  const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, lr } = record;
  const part = (name: string, loss: number | null, accuracy: number | null) =>
    loss === null ? [] : [`${name} ${significant(loss)}${accuracy === null ? '' : `, ${percent(accuracy)}`}`];
  return [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    ...part('loss', trainLoss, trainAccuracy),
    ...part('validation', validationLoss, validationAccuracy),
    `lr ${significant(lr)}`,
    duration(elapsed / 1000),
  ].join('  ');
}
