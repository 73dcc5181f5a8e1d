import type { Comparison, Growth, MemoryUse, Results, Row, StartUp } from './results.ts';
import type { Summary } from './statistics.ts';

/** The results as plain text. */
export function report(results: Results): string {
  const { workloads, products, startUp, growth, memory } = results;
  const sections = [
    ...workloads.map(workloadTable),
    workloads.length > 1 ? ratioTable(workloads) : '',
    products.length > 0 ? productTable(products) : '',
    startUp.length > 0 ? startUpTable(startUp) : '',
    growth.length > 0 ? growthTable(growth) : '',
    memory.length > 0 ? memoryTable(memory) : '',
    machineLine(results),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function workloadTable({ task, title, base, rows }: Comparison): string {
  const baseLabel = rows.find(({ name }) => name === base)?.label ?? 'nobody';
  const head = `${task}: ${title}. Microseconds per step, and how many times as fast as ${baseLabel}`;
  const lines = rows.map(({ label, way, micros, ratio, note }) => {
    const full = way === undefined ? label : `${label}, ${way}`;
    return micros && ratio ? [full, ...cells(micros, significant), ...cells(ratio, significant)] : [label, why(note)];
  });
  return `${head}\n${table(lines)}`;
}

/** Rows are contenders, columns are tasks. */
function ratioTable(comparisons: readonly Comparison[]): string {
  const head = 'All workloads: how many times as fast as the base';
  return `${head}\n${matrix(comparisons, ({ ratio }) => ratio && significant(ratio.median))}`;
}

function productTable(products: readonly Comparison[]): string {
  const gflops = ({ micros }: Row, task: string) =>
    micros && significant((2 * Number(task.replace('product-', '')) ** 3) / (1000 * micros.median));
  return `Matrix products, n by n: GFLOP/s\n${matrix(products, gflops, (task) => task.replace('product-', ''))}`;
}

function matrix(
  comparisons: readonly Comparison[],
  cell: (row: Row, task: string) => string | undefined,
  heading = (task: string) => task,
): string {
  const labels = comparisons[0]!.rows.map(({ label }) => label);
  const lines = labels.map((label, i) => [label, ...comparisons.map(({ task, rows }) => cell(rows[i]!, task) ?? '–')]);
  return table([['', ...comparisons.map(({ task }) => heading(task))], ...lines]);
}

function startUpTable(starts: readonly StartUp[]): string {
  const lines = starts.map(({ label, importing, firstStep, note }) =>
    importing && firstStep ? [label, ...cells(importing, whole), ...cells(firstStep, whole)] : [label, why(note)],
  );
  const head = 'Start-up in milliseconds: the import, and from the start of the process to the first step of spiral';
  return `${head}\n${table(lines)}`;
}

function growthTable(growth: readonly Growth[]): string {
  const parts = growth.map(({ contender, quantity, title, points, exponent }) => {
    const head = `Growth with the ${quantity} (${contender}; ${title}): time ~ ${quantity}^${exponent.value.toFixed(2)} ± ${exponent.error.toFixed(2)}`;
    const sizes = ['n', ...points.map(({ size }) => `${size}`)];
    return `${head}\n${table([sizes, ['µs', ...points.map(({ micros }) => significant(micros.median))]])}`;
  });
  return parts.join('\n\n');
}

function memoryTable(uses: readonly MemoryUse[]): string {
  const lines = uses.map(({ task, label, steps, end, peak, slope, flat, note }) =>
    slope === undefined
      ? [`${task}: ${label}`, why(note)]
      : [
          `${task}: ${label}`,
          whole(steps!),
          megabytes(end!),
          megabytes(peak!),
          `${significant(slope.value)} ± ${significant(slope.error)}`,
          flat ? 'flat' : 'GROWS',
        ],
  );
  return `Memory\n${table([['', 'steps', 'MB at end', 'MB peak', 'bytes per step', ''], ...lines])}`;
}

function machineLine({ machine, date, versions }: Results): string {
  const { processor, cores, memoryGigabytes, system, node, load } = machine;
  const line = `${date.slice(0, 10)}: ${processor}, ${cores} cores, ${memoryGigabytes} GB, ${system}, Node ${node}, load ${load.join(' → ')}`;
  const busy = load[0] > 0.5 ? ['The machine was busy: repeat on a quiet one before trusting the times.'] : [];
  return [line, ...busy, ...Object.values(versions).map((version) => `  ${version}`)].join('\n');
}

/** The median, and in brackets the middle half. */
const cells = ({ q1, median, q3 }: Summary, format: (value: number) => string) => [
  format(median),
  `(${format(q1)}–${format(q3)})`,
];

const why = (note: string | undefined) => `no: ${note ?? 'not measured'}`;
const whole = (value: number) => Math.round(value).toLocaleString('en');
const megabytes = (bytes: number) => whole(bytes / 2 ** 20);

/** Three digits, or all that stand before the point. */
export function significant(value: number): string {
  if (Math.abs(value) >= 100) return whole(value);
  return String(Number(value.toPrecision(3)));
}

/** Columns as wide as their widest cell, the first to the left, the others to the right; a lone cell may be longer. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const full = rows.filter((row) => row.length > 2 || columns <= 2);
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...(i === 0 ? rows : full).map((row) => row[i]?.length ?? 0)),
  );
  const pad = (cell: string, i: number, row: readonly string[]) => {
    if (i === 0) return cell.padEnd(widths[0]!);
    return row.length === 2 && columns > 2 ? cell : cell.padStart(widths[i]!);
  };
  return rows.map((row) => `  ${row.map((cell, i) => pad(cell, i, row)).join('  ')}`.trimEnd()).join('\n');
}
