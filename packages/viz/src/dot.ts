import { formatScope, formatShape, type Scope } from '@ndgrad/core';
import { brief } from './graphText.ts';
import { type Box, chainOf, type Drawing, type Wire } from './graphTypes.ts';

/** What the colours of a drawing stand for. */
export const palette = {
  ink: '#1f2328',
  line: '#6e7781',
  value: '#1a7f37',
  gradient: '#cf222e',
  operation: '#0969da',
  frame: '#8c959f',
};

/** Operations that have a sign. */
const signs: Readonly<Record<string, string>> = {
  add: '+',
  sub: '−',
  mul: '×',
  div: '÷',
  neg: '−x',
  square: 'x²',
  sqrt: '√',
};

/** A drawing in Graphviz's language, from left to right. */
export function dotOf(drawing: Drawing): string {
  const { wires, boxes, note } = drawing;
  const ids = new Map<Wire | Box, string>();
  for (const [i, wire] of wires.entries()) ids.set(wire, `v${i}`);
  for (const [i, box] of boxes.entries()) ids.set(box, `o${i}`);
  const inside = new Map<Scope | null, string[]>([[null, []]]);
  const place = (scope: Scope | null, line: string) => {
    for (const part of chainOf(scope)) if (!inside.has(part)) inside.set(part, []);
    inside.get(scope)!.push(line);
  };
  for (const wire of wires) place(wire.scope, `${ids.get(wire)} ${nodeOfWire(wire)}`);
  for (const box of boxes) {
    place(box.scope, `${ids.get(box)} ${nodeOfBox(box)}`);
    if (box.cut > 0) place(box.scope, `${ids.get(box)}c [label="…"]`);
  }
  const font = 'fontname="Helvetica", fontsize=11';
  const lines = [
    `graph [rankdir=LR, ordering=in, bgcolor=transparent, nodesep=0.18, ranksep=0.28, ${font}, fontcolor="${palette.line}"]`,
    `node [shape=plain, ${font}, fontcolor="${palette.ink}"]`,
    `edge [color="${palette.line}", arrowsize=0.6]`,
    ...(note === null ? [] : [`label="${note}"; labelloc=t; labeljust=l`]),
    ...clusters(null, inside),
    ...edgesOf(drawing, ids),
  ];
  return ['digraph {', ...indented(lines), '}'].join('\n');
}

function edgesOf({ wires, boxes }: Drawing, ids: ReadonlyMap<Wire | Box, string>): string[] {
  const made = wires.filter(({ from }) => from !== null);
  return [
    ...made.map((wire) => `${ids.get(wire.from!)} -> ${ids.get(wire)}:w:w [arrowhead=none, weight=4]`),
    ...boxes.flatMap((box) => [
      ...box.inputs.map((wire) => `${ids.get(wire)}:w:e -> ${ids.get(box)}`),
      ...(box.cut > 0 ? [`${ids.get(box)}c -> ${ids.get(box)} [style=dotted]`] : []),
    ]),
  ];
}

/** What stands directly in a module's call, and a cluster for each call inside it. */
function clusters(scope: Scope | null, inside: ReadonlyMap<Scope | null, readonly string[]>): string[] {
  const parts = [...inside.keys()];
  const below = parts.filter((part) => part !== null && part.parent === scope) as Scope[];
  return [
    ...inside.get(scope)!,
    ...below.flatMap((part) => [
      `subgraph cluster_${parts.indexOf(part)} {`,
      ...indented([
        `label="${escaped(formatScope(part))}"; labeljust=l; style="rounded,filled"; color="${palette.frame}66"; fillcolor="${palette.frame}14"`,
        ...clusters(part, inside),
      ]),
      '}',
    ]),
  ];
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** The forward value above the wire, the gradient below, the name of a leaf in front of it. */
function nodeOfWire({ name, shape, value, gradient, from }: Wire): string {
  const label = name === '' ? '' : `<b>${escaped(name)}</b>`;
  const isTensor = typeof value !== 'number';
  const rows = [
    ...(from !== null && label !== '' ? [cell(label, palette.ink)] : []),
    ...(isTensor ? [cell(formatShape(shape), palette.line)] : []),
    cell(brief(value, 3), palette.value),
    `<tr><td port="w" height="1" bgcolor="${palette.line}"></td></tr>`,
    cell(brief(gradient, 3), palette.gradient),
  ];
  const wire = table(rows.join(''));
  if (from !== null || label === '') return `[label=<${wire}>]`;
  const text = `<font color="${palette.ink}">${label}&nbsp;</font>`;
  return `[label=<${table(`<tr><td>${text}</td><td>${wire}</td></tr>`)}>]`;
}

const table = (rows: string): string =>
  `<table border="0" cellborder="0" cellspacing="0" cellpadding="0">${rows}</table>`;

const cell = (text: string, colour: string): string =>
  `<tr><td cellpadding="1"><font color="${colour}">&nbsp;${text}&nbsp;</font></td></tr>`;

/** A circle for a sign, a box for a name. */
function nodeOfBox({ label, isFolded, operations }: Box): string {
  const colours = `color="${palette.operation}", fillcolor="${palette.operation}1a"`;
  const rounded = `shape=box, style="rounded,filled", ${colours}`;
  if (isFolded) {
    const count = operations === 1 ? '1 operation' : `${operations} operations`;
    return `[${rounded}, margin="0.15,0.1", label="${escaped(label)}\\n${count}"]`;
  }
  const sign = signs[label];
  if (sign === undefined) return `[${rounded}, height=0.35, margin="0.13,0.05", label="${escaped(label)}"]`;
  return `[shape=circle, style=filled, ${colours}, width=0.35, fixedsize=true, label="${sign}"]`;
}

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
