import type { Nd } from './kernels/kernel.ts';
import { numelOf } from './shape.ts';

const SUMMARIZE_ABOVE = 1000;
const EDGE = 3;

/** The values as nested brackets, in PyTorch's manner: aligned, four decimals, the middle of large tensors left out. */
export function formatValues(x: Nd, indent = 0): string {
  const edge = numelOf(x.shape) > SUMMARIZE_ABOVE ? EDGE : Infinity;
  const values: number[] = [];
  visitShown(x, edge, 0, x.offset, (value) => values.push(value));
  const format = numberFormat(values);
  const width = Math.max(0, ...values.map((value) => format(value).length));
  return nested(x, edge, 0, x.offset, (value) => format(value).padStart(width), indent);
}

/** Which indices of a dim are shown; a gap, if any, follows index EDGE − 1. */
function shownIndices(size: number, edge: number): number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return size > 2 * edge ? [...all.slice(0, edge), ...all.slice(size - edge)] : all;
}

function visitShown(x: Nd, edge: number, dim: number, offset: number, visit: (value: number) => void): void {
  if (dim === x.shape.length) visit(x.data[offset]!);
  else
    for (const i of shownIndices(x.shape[dim]!, edge)) visitShown(x, edge, dim + 1, offset + i * x.stride[dim]!, visit);
}

function nested(x: Nd, edge: number, dim: number, offset: number, cell: (v: number) => string, indent: number): string {
  if (dim === x.shape.length) return cell(x.data[offset]!);
  const size = x.shape[dim]!;
  const parts = shownIndices(size, edge).map((i) =>
    nested(x, edge, dim + 1, offset + i * x.stride[dim]!, cell, indent + 1),
  );
  if (size > 2 * edge) parts.splice(EDGE, 0, '…');
  const depth = x.shape.length - dim;
  const separator = depth === 1 ? ', ' : `,${'\n'.repeat(depth - 1)}${' '.repeat(indent + 1)}`;
  return `[${parts.join(separator)}]`;
}

function numberFormat(values: readonly number[]): (value: number) => string {
  const sizes = values.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  const [largest, smallest] = [Math.max(0, ...sizes), Math.min(Infinity, ...sizes)];
  if (sizes.every(Number.isInteger) && largest < 1e8) return (v) => (Number.isFinite(v) ? `${v}.` : String(v));
  const scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e5;
  return (v) => (!Number.isFinite(v) ? String(v) : scientific ? v.toExponential(4) : v.toFixed(4));
}
