import { duration, grouped, percent, significant } from '@ndgrad/train/text';
import type { Points } from './reportCurves.ts';
import type { ReportData, RunData } from './reportData.ts';
import { type Cell, escaped, table } from './reportHtml.ts';

// The numbers at which a run ended, and those of several runs side by side

/** The model and the loss. */
export const nameOf = ({ model, loss }: RunData): string => `${model}; ${loss.replace(/\(.*/s, '')}`;

/** What a run came to, each number as a text; `–` where it is not known. */
function results({ curves, steps, seconds }: RunData): Record<string, string> {
  const last = ({ y }: Points, show: (value: number) => string) => (y.length === 0 ? '–' : show(y.at(-1)!));
  const [train, validation] = [curves.trainAccuracy.y.at(-1), curves.validationAccuracy.y.at(-1)];
  const gap = train === undefined || validation === undefined ? '–' : (100 * (train - validation)).toFixed(2);
  return {
    'training loss': last(curves.trainLoss.y.length > 0 ? curves.trainLoss : curves.loss, significant),
    'validation loss': last(curves.validationLoss, significant),
    'training accuracy': last(curves.trainAccuracy, percent),
    'validation accuracy': last(curves.validationAccuracy, percent),
    'gap, points': gap,
    steps: grouped(steps),
    time: duration(seconds),
  };
}

/** A run's results as large figures, and below each that of `other`. */
export function runTiles(run: RunData, other: RunData | null): string {
  const others = other === null ? null : results(other);
  const tiles = Object.entries(results(run)).filter(
    ([name, value]) => value !== '–' || (others?.[name] ?? '–') !== '–',
  );
  const html = tiles.map(([name, value]) => {
    const beside = others === null ? '' : `<i>other: ${escaped(others[name]!)}</i>`;
    return `<div class="tile"><b>${escaped(value)}</b><span>${escaped(name)}</span>${beside}</div>`;
  });
  return `<div class="tiles">${html.join('')}</div>`;
}

/** Rows of tables that would grow with the number of runs. */
const MOST = 200;

/** Several runs of one program, a row each; what is the same in all of them is left out. */
export function runsTable(runs: readonly RunData[]): string {
  const shown = runs.slice(0, MOST);
  const about = shown.map(({ model, loss, optimizer, settings }) => ({ model, loss, optimizer, ...settings }));
  const columns = [...about.map((values) => varying(values, about)), ...shown.map((run) => known(run, shown))];
  const names = [...new Set(columns.flatMap((values) => Object.keys(values)))];
  const rows = shown.map((run, i): Cell[] => {
    const values: Record<string, string> = { ...about[i], ...results(run) };
    return [String(i + 1), ...names.map((name) => values[name] ?? '–')];
  });
  const more = runs.length > MOST ? `<p class="caption">And ${grouped(runs.length - MOST)} more.</p>` : '';
  return table(['', ...names], rows) + more;
}

function varying(values: Record<string, string>, all: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => all.some((other) => other[name] !== value)),
  );
}

/** The results that any of the runs has. */
function known(run: RunData, all: readonly RunData[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(results(run)).filter(([name]) => all.some((other) => results(other)[name] !== '–')),
  );
}

/** In what two programs differ, and what they came to. */
export function comparison(own: ReportData, other: ReportData): string {
  const same: Cell[][] = [
    ['what', own.title, other.title],
    ['command', own.command, other.command],
    ['started', own.started, other.started],
    ['time', duration(own.seconds), duration(other.seconds)],
    ['seed', String(own.seed ?? '–'), String(other.seed ?? '–')],
  ];
  const options = differing({ ...own.options }, { ...other.options });
  const environment = differing({ ...own.environment }, { ...other.environment });
  const optimizers = Array.from({ length: Math.max(own.runs.length, other.runs.length) }, (_, i) =>
    runDifferences(i, own.runs[i], other.runs[i]),
  ).slice(0, MOST);
  const header = ['', 'this run', 'the other'];
  const differences = [...options, ...environment, ...optimizers.flat()];
  return [
    table(header, same),
    '<h3>What differs</h3>',
    differences.length === 0 ? '<p>Nothing: options, machine and models are the same.</p>' : table(header, differences),
  ].join('');
}

function runDifferences(i: number, own: RunData | undefined, other: RunData | undefined): Cell[][] {
  const about = (run: RunData | undefined): Record<string, string> =>
    run === undefined
      ? {}
      : { model: run.model, loss: run.loss, optimizer: run.optimizer, epochs: String(run.epochs), ...run.settings };
  return differing(about(own), about(other)).map(([name, ...values]) => [`training ${i + 1}: ${name}`, ...values]);
}

function differing(own: Record<string, string>, other: Record<string, string>): Cell[][] {
  const names = [...new Set([...Object.keys(own), ...Object.keys(other)])];
  const of = (values: Record<string, string>, name: string) => (Object.hasOwn(values, name) ? values[name]! : '–');
  return names
    .filter((name) => of(own, name) !== of(other, name))
    .map((name) => [name, of(own, name), of(other, name)]);
}
