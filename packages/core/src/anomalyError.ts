import { NdgradError } from './errors.ts';
import { formatRange, type Range } from './kernels/range.ts';
import { formatShape, type Shape } from './shape.ts';

/** A tensor that took part in an anomaly. */
export interface Suspect {
  /** Its name in the operation: `x`, `weight`, `g` for the gradient that comes in. */
  readonly name: string;
  readonly shape: Shape;
  readonly range: Range;
}

/** The first input of an operation that was not finite. */
export interface Given extends Suspect {
  /** The operation that read it. */
  readonly operation: string;
  /** The indices along its dim 0 where it is not finite, the first ten. */
  readonly rows: readonly number[];
}

/** The first value that is not finite, and what it was computed from. */
export interface Anomaly {
  /** The operation, as `log`; for what is launched outside of operations (an optimizer's step), the kernel. */
  readonly operation: string;
  /** The kernel that wrote it. */
  readonly kernel: string;
  /** Whether the operation was computing its output or its inputs' gradients; `null` outside of operations. */
  readonly pass: 'forward' | 'backward' | null;
  /** The module that was being called, or whose gradients were being computed: `layers.2 (Linear 100→10)`, or `''`. */
  readonly module: string;
  /** What the operation was given, and for a gradient `g`, the one that came in. */
  readonly inputs: readonly Suspect[];
  /** What it computed: its output, or the gradient of the input of that name. */
  readonly output: Suspect;
  /** The indices along dim 0 of the output where it is not finite, the first ten. For a batch, its rows. */
  readonly rows: readonly number[];
  /** What was not finite first, perhaps long before; `null` where all inputs were finite. */
  readonly given: Given | null;
}

/** A value that is not finite, found by `detectAnomaly`. */
export class AnomalyError extends NdgradError implements Anomaly {
  readonly operation: string;
  readonly kernel: string;
  readonly pass: 'forward' | 'backward' | null;
  readonly module: string;
  readonly inputs: readonly Suspect[];
  readonly output: Suspect;
  readonly rows: readonly number[];
  readonly given: Given | null;

  constructor(anomaly: Anomaly) {
    // Whoever runs a module says where it stands; only a gradient is computed outside of all.
    const { pass, module } = anomaly;
    super(`${pass === 'backward' && module !== '' ? `in ${module}: ` : ''}${messageOf(anomaly)}`);
    this.operation = anomaly.operation;
    this.kernel = anomaly.kernel;
    this.pass = anomaly.pass;
    this.module = anomaly.module;
    this.inputs = anomaly.inputs;
    this.output = anomaly.output;
    this.rows = anomaly.rows;
    this.given = anomaly.given;
  }
}

function messageOf(anomaly: Anomaly): string {
  const { operation, kernel, pass, inputs, output, rows, given } = anomaly;
  const within = kernel === operation ? '' : `, in kernel ${kernel}`;
  const head = `${operation}${pass === null ? '' : ` (${pass}${within})`}`;
  const what = `${output.name} ${formatShape(output.shape)} holds ${countsOf(output.range)}${inRows(rows)}`;
  const parts = [what, ...(inputs.length > 0 ? [`computed from ${inputs.map(formatSuspect).join(', ')}`] : [])];
  if (given !== null) {
    parts.push(
      `the first that was not finite was ${countsOf(given.range)} in ${given.name} ${formatShape(given.shape)}` +
        `${inRows(given.rows)} of ${given.operation}: look at where it comes from`,
    );
  } else {
    const hint = hintFor(anomaly);
    if (hint !== null) parts.push(hint);
  }
  return `${head}: ${parts.join('; ')}`;
}

function formatSuspect({ name, shape, range }: Suspect): string {
  if (shape.length > 0)
    return `${name} ${formatShape(shape)} ${range.min > range.max ? 'of' : 'in'} ${formatRange(range)}`;
  const isNumber = range.nan + range.infinite === 0;
  return `${name} = ${isNumber ? Number(range.min.toPrecision(4)) : range.nan > 0 ? 'NaN' : '±Infinity'}`;
}

const countsOf = ({ nan, infinite }: Range): string =>
  [...(nan > 0 ? [`${nan} NaN`] : []), ...(infinite > 0 ? [`${infinite} infinite`] : [])].join(' and ');

function inRows(rows: readonly number[]): string {
  if (rows.length === 0) return '';
  return ` (dim 0: ${rows.length === 1 ? 'row' : 'rows'} ${rows.join(', ')}${rows.length === MANY_ROWS ? ', …' : ''})`;
}

/** How many rows are named. */
export const MANY_ROWS = 10;

/** Beyond this the numbers themselves are the trouble. */
const HUGE = 1e100;

function hintFor({ operation, kernel, pass, inputs }: Anomaly): string | null {
  const largest = Math.max(0, ...inputs.map(({ range: { min, max } }) => (min > max ? 0 : Math.max(-min, max))));
  if (largest > HUGE) return 'the numbers have run away: use a smaller learning rate, or clip the gradients';
  return hints[`${operation} ${pass}`] ?? hints[kernel] ?? null;
}

const logarithm = 'a logarithm needs numbers above 0: clamp them, or use logSoftmax or a loss that takes logits';
const root = 'the slope of √x at 0 is infinite: add a small number under the root';

const hints: Readonly<Record<string, string>> = {
  'sqrt backward': root,
  'std backward': root,
  'norm backward': root,
  log: logarithm,
  log2: logarithm,
  log10: logarithm,
  exp: 'exp overflows above 709.7: subtract the maximum first, as softmax and logsumexp do',
  div: 'look for a 0 in what it divides by, and add a small number there',
  sqrt: 'the root of a negative number is NaN: clamp it at 0',
};
