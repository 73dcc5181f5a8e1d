import { formatRange, formatScope, formatShape, type Range, type Scope } from '@ndgrad/core';
import { significant, table } from '@ndgrad/train/text';
import { type Box, chainOf, type Drawing, type Wire } from './graphTypes.ts';

/** A value or a gradient in a few characters: the number, or the range of a tensor in so many digits. */
export function brief(figure: number | Range | null, digits: number): string {
  if (figure === null) return '';
  return typeof figure === 'number' ? significant(figure) : formatRange(figure, digits);
}

/** The drawing as a table: a row for each value, oldest first, under the modules that compute them. */
export function textOf({ wires, boxes, note }: Drawing): string {
  const names = numbered(wires);
  const rows: string[][] = [];
  let at: Scope[] = [];
  for (const wire of wires) {
    const chain = chainOf(wire.scope);
    chain.forEach((scope, depth) => {
      if (at[depth] !== scope) rows.push([`${'  '.repeat(depth)}in ${formatScope(scope)}`, '', '', '']);
    });
    at = chain;
    const { shape, value, gradient, from } = wire;
    const made = from === null ? '' : ` = ${callOf(from, names)}`;
    rows.push([
      `${'  '.repeat(chain.length)}${names.get(wire)}${made}`,
      formatShape(shape),
      brief(value, 4),
      brief(gradient, 4),
    ]);
  }
  const operations = boxes.reduce((sum, box) => sum + box.operations, 0);
  const title = `${operations} operations, ${wires.length} values${note === null ? '' : `: ${note}`}`;
  return `${title}\n\n${table(['value', 'shape', 'forward', 'gradient'], rows)}`;
}

/** `mul(w, x)` */
function callOf({ label, inputs, cut }: Box, names: ReadonlyMap<Wire, string>): string {
  const given = [...(cut > 0 ? ['…'] : []), ...inputs.map((wire) => names.get(wire)!)];
  return `${label}(${given.join(', ')})`;
}

/** A name for each value: v1, v2, … for those without. */
function numbered(wires: readonly Wire[]): Map<Wire, string> {
  let count = 0;
  return new Map(wires.map((wire) => [wire, wire.name === '' ? `v${++count}` : wire.name]));
}
