import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

// What all charts share: Observable Plot draws them once, into static SVG whose colours are the page's.

/** How an axis is labelled and laid out. */
export interface Axis {
  readonly label: string;
  /** Logarithmic (default false). */
  readonly log?: boolean;
  /** From 0 on (default false). */
  readonly zero?: boolean;
  /** Shown as percentages (default false). */
  readonly percent?: boolean;
  /** From where to where (default: what the data need). */
  readonly domain?: readonly [low: number, high: number];
}

/** The size of a chart that shares its row with another, in pixels; it scales with the page. */
export const HALF = { width: 520, height: 270 } as const;

/** The size of a chart that has a row for itself. */
export const FULL = { width: 1080, height: 270 } as const;

/** How many colours the page's style has: `--c0` and so on. */
export const COLOURS = 8;

/** Beyond the last colour the first comes again. */
export const colour = (i: number): string => `var(--c${i % COLOURS})`;

const { document } = parseHTML('<!doctype html><html></html>');

/**
 * A chart as SVG.
 * @param label what it shows, for those who can't see it
 */
export function svgOf(label: string, options: Plot.PlotOptions): string {
  const given = {
    ...options,
    document,
    figure: false,
    style: { overflow: 'visible', fontSize: '11px' },
  } as Plot.PlotOptions;
  const svg = Plot.plot(given) as unknown as Element;
  for (const style of [...svg.querySelectorAll('style')]) style.remove(); // the page has its own
  svg.removeAttribute('class');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return short(svg.outerHTML);
}

interface Element {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<{ remove(): void }>;
  removeAttribute(name: string): void;
  setAttribute(name: string, value: string): void;
}

/** A tenth of a pixel is as fine as anybody sees. */
function short(svg: string): string {
  return svg.replace(
    /\b(d|transform|x|y|x1|x2|y1|y2|cx|cy|r|width|height)="([^"]*)"/g,
    (_, name: string, value: string) =>
      `${name}="${value.replace(/-?\d*\.\d{2,}(e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(1))))}"`,
  );
}

/** The options of one of Plot's scales, for points of which the coordinate `c` lies on it. */
export function scaleOf(
  { label, log = false, zero = false, percent = false, domain }: Axis,
  points: readonly (readonly [x: number, y: number])[],
  c: 0 | 1,
): Plot.ScaleOptions {
  const common = { label, labelArrow: 'none' } as const;
  if (log) {
    // Plot's own logarithmic scale leaves out labels as it likes.
    const ticks = logTicks(domain ?? points.map((point) => point[c])).map(Math.log10);
    return { ...common, transform: Math.log10, ticks, tickFormat: (power: number) => plain(10 ** power) };
  }
  const ends = domain?.map((value) => (percent ? 100 * value : value));
  const ticks = wholes(domain) ?? (c === 0 ? 6 : 5);
  return { ...common, zero, ticks, tickFormat: plain, ...(ends === undefined ? {} : { domain: ends }) };
}

/** The whole numbers of a short range from 0 on. */
function wholes(domain: Axis['domain']): number[] | null {
  if (domain === undefined || domain[0] !== 0 || domain[1] < 2 || domain[1] > 10) return null;
  return Array.from({ length: Math.floor(domain[1]) + 1 }, (_, i) => i);
}

/** As short as a number can be: `1,500`, `0.05`, `2e-5`. */
export function plain(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && (size < 1e-4 || size >= 1e6)) return Number(value.toPrecision(6)).toExponential().replace('e+', 'e');
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** Powers of ten; over less than two and a half of them 2 and 5 times these as well, and over less than one all. */
function logTicks(values: readonly number[]): number[] {
  const known = values.filter((value) => value > 0);
  const low = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = known.reduce((a, b) => Math.max(a, b), 0);
  if (high === 0) return [];
  const decades = Math.log10(high / low);
  const digits = decades > 2.5 ? [1] : decades > 0.9 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / 8));
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((power) => power % every === 0);
  const ticks = powers.flatMap((power) => digits.map((digit) => Number((digit * 10 ** power).toPrecision(3))));
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}
