// Plain text for terminals: tables, sparklines, units.

const BARS = '▁▂▃▄▅▆▇█';

/** A share as a percentage: `97.53 %`. */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A number in four significant digits, without needless zeros: `0.25`, `12`, `1.235e-7`. */
export function significant(value: number, digits = 4): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(digits - 1).replace(/\.?0+e/, 'e');
  return String(Number(value.toPrecision(digits)));
}

/** A time: `4.2 ms`, `0.42 s`, `12.3 s`, `2:05 min`, `1:02:05 h`. */
export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${(1000 * seconds).toFixed(1)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)} h` : `${m}:${two(s)} min`;
}

const thousands = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `60,000` */
export function grouped(count: number): string {
  return thousands.format(count);
}

/**
 * Rows under a header, in aligned columns: to the right where every cell is a number, else to the left.
 * @param rows cells as text, or numbers, which are shown in four significant digits
 */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? significant(cell) : cell)));
  const widths = header.map((title, c) => Math.max(title.length, ...cells.map((row) => row[c]?.length ?? 0)));
  const numeric = header.map((_, c) =>
    cells.every((row) => /^[-+−≥≤]?\s?[\d.,]|^[-−–]?$|NaN|Infinity/.test(row[c] ?? '')),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(header), rule, ...cells.map(line)].join('\n');
}

/**
 * A curve in one line of text: `█▆▄▃▂▁▁▁`, from its lowest to its highest value.
 * @param values any number of them; longer curves are averaged in groups
 * @param options `width`: characters at most (default 60)
 */
export function sparkline(values: readonly number[], { width = 60 }: { width?: number } = {}): string {
  const points = Math.min(width, values.length);
  const groups = Array.from({ length: points }, (_, i) =>
    values.slice(Math.floor((i * values.length) / points), Math.floor(((i + 1) * values.length) / points)),
  );
  const means = groups.map((group) => group.reduce((sum, value) => sum + value, 0) / group.length);
  const finite = means.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const bar = (value: number) =>
    BARS[high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))]!;
  return means.map((value) => (Number.isFinite(value) ? bar(value) : ' ')).join('');
}
