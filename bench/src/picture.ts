import type { Comparison } from './results.ts';

const colours: Record<string, string> = {
  'ndgrad-blas': '#08306b',
  'ndgrad-wasm': '#2171b5',
  'ndgrad-reference': '#9ecae1',
  'torch-float64': '#525252',
  'torch-float32': '#bdbdbd',
  jax: '#d95f02',
  'tfjs-wasm': '#1b9e77',
  'tfjs-cpu': '#a6d8c4',
  convnetjs: '#c51b8a',
};

const bar = 13;
const narrowest = 1060;
const [left, right, top, height, bottom] = [64, 20, 92, 360, 48];

/** Bars of ratios in groups, one group a workload, on a logarithmic scale: up is faster than the base, down slower. */
export function picture(comparisons: readonly Comparison[], caption: string): string {
  const { base, rows } = comparisons[0]!;
  const contenders = rows.filter(
    ({ name }) => name !== base && comparisons.some((c) => ratioOf(c, name) !== undefined),
  );
  const bars = bar * contenders.length;
  const group = Math.max(bars + 2 * bar, Math.floor((narrowest - left - right) / comparisons.length));
  const width = left + right + group * comparisons.length;
  const values = comparisons.flatMap(({ rows }) => rows.flatMap(({ ratio }) => (ratio ? [ratio.q1, ratio.q3] : [])));
  const decades = [
    Math.floor(Math.log10(Math.min(0.5, ...values))),
    Math.ceil(Math.log10(Math.max(2, ...values))),
  ] as const;
  const y = (ratio: number) => top + (height * (decades[1] - Math.log10(ratio))) / (decades[1] - decades[0]);

  const grid = ticks(decades).map(([value, digit]) => {
    const colour = value === 1 ? '#000' : digit === 1 ? '#bbb' : '#e8e8e8';
    const named = digit === 1 || digit === 2 || digit === 5;
    const text = named ? label(left - 8, y(value) + 4, `${Number(value.toPrecision(1))}`, 'end') : '';
    return `<path d="M${left} ${y(value)}H${width - right}" stroke="${colour}"/>${text}`;
  });
  const groups = comparisons.flatMap((comparison, i) => {
    const x = left + i * group + (group - bars) / 2;
    const drawn = contenders.map(({ name }, j) => drawBar(ratioOf(comparison, name), x + j * bar, y, colourOf(name)));
    return [...drawn, label(x + bars / 2, top + height + 22, comparison.task, 'middle')];
  });
  const baseLabel = rows.find(({ name }) => name === base)?.label ?? '';
  const title = `Training steps per second, relative to ${baseLabel} (logarithmic; higher is faster)`;
  const legend = contenders.map(({ name, label: text }, i) => {
    const x = left + (i % 5) * ((width - left - right) / 5);
    const row = 48 + 18 * Math.floor(i / 5);
    return `<rect x="${x}" y="${row - 10}" width="11" height="11" fill="${colourOf(name)}"/>${label(x + 16, row, text)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top + height + bottom}" viewBox="0 0 ${width} ${top + height + bottom}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${left}" y="24" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...legend,
    ...grid,
    ...groups,
    label(left, top + height + 42, caption),
    '</svg>\n',
  ].join('\n');
}

const colourOf = (contender: string) => colours[contender] ?? '#777';
const ratioOf = ({ rows }: Comparison, contender: string) => rows.find(({ name }) => name === contender)?.ratio;

/** From 1 to the ratio, with its middle half as a thin line; a cross where there is no time. */
function drawBar(ratio: Comparison['rows'][number]['ratio'], x: number, y: (ratio: number) => number, colour: string) {
  if (ratio === undefined) return label(x + bar / 2, y(1) - 4, '×', 'middle');
  const [from, to] = [y(Math.max(1, ratio.median)), y(Math.min(1, ratio.median))];
  const rect = `<rect x="${x + 1}" y="${from}" width="${bar - 2}" height="${Math.max(1, to - from)}" fill="${colour}"/>`;
  return `${rect}<path d="M${x + bar / 2} ${y(ratio.q1)}V${y(ratio.q3)}" stroke="#000"/>`;
}

/** 1 to 9 times each power of ten, and the digit. */
function ticks([low, high]: readonly [number, number]): [value: number, digit: number][] {
  const powers = Array.from({ length: high - low }, (_, i) => 10 ** (low + i));
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  return [...powers.flatMap((power) => digits.map((n): [number, number] => [n * power, n])), [10 ** high, 1]];
}

const label = (x: number, y: number, text: string, anchor = 'start') =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
