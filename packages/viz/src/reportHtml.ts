import { significant } from '@ndgrad/train/text';
import { COLOURS } from './chartsPlot.ts';

// Pieces of the page. What is called `html` is written into it as it stands; everything else is escaped here.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Any text as part of a page, inside elements and attributes alike. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A part of the page with a heading; its link is made of `id`. */
export function section(id: string, title: string, html: string): string {
  return `<section id="${escaped(id)}"><h2>${escaped(title)}</h2>${html}</section>`;
}

/** What goes with a figure. */
export interface FigureOptions {
  readonly title: string;
  /** Where a link leads to it. */
  readonly id?: string;
  /** What to look for. */
  readonly caption?: string | null | undefined;
  /** Below the picture: the same in numbers. */
  readonly table?: string;
  readonly legend?: readonly LegendEntry[];
  /** Over the whole width (default false). */
  readonly wide?: boolean;
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: number;
  readonly other?: boolean;
  readonly faint?: boolean;
}

/** A picture with its heading, legend, explanation, and its numbers to unfold. */
export function figure(html: string, options: FigureOptions): string {
  const { title, id, caption, table: numbers, legend = [], wide = false } = options;
  return [
    `<figure${id === undefined ? '' : ` id="${escaped(id)}"`} class="card${wide ? ' wide' : ''}"><figcaption>${escaped(title)}</figcaption>`,
    html,
    legend.length > 1 ? legendOf(legend) : '',
    caption ? `<p class="caption">${escaped(caption)}</p>` : '',
    numbers ? `<details><summary>Numbers</summary>${numbers}</details>` : '',
    '</figure>',
  ].join('');
}

function legendOf(entries: readonly LegendEntry[]): string {
  const items = entries.map(
    ({ name, colour, other, faint }) =>
      `<li class="k${colour % COLOURS}${other ? ' other' : ''}${faint ? ' faint' : ''}">${escaped(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** Texts of fewer characters are not broken. */
const UNBROKEN = 24;

export type Cell = string | number;

/** A table; columns of numbers stand to the right. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell) =>
    typeof value === 'number'
      ? `<td class="n">${significant(value)}</td>`
      : `<td${value.length < UNBROKEN ? ' class="w"' : ''}>${escaped(value)}</td>`;
  const head = header.map((name, c) => {
    const numeric = rows.length > 0 && rows.every((row) => typeof row[c] === 'number');
    return `<th scope="col"${numeric ? ' class="n"' : ''}>${escaped(name)}</th>`;
  });
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** Names and what they are. */
export function definitions(entries: readonly (readonly [name: string, value: string])[]): string {
  return `<dl>${entries.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;
}

/** Two pictures of which one is seen at a time. */
export function either(id: string, choices: readonly (readonly [name: string, html: string])[]): string {
  const inputs = choices.map(
    ([name], i) =>
      `<input type="radio" name="${escaped(id)}" id="${escaped(id)}-${i}"${i === 0 ? ' checked' : ''}>` +
      `<label for="${escaped(id)}-${i}">${escaped(name)}</label>`,
  );
  const panels = choices.map(([, html]) => `<div class="choice">${html}</div>`);
  return `<div class="either">${inputs.join('')}${panels.join('')}</div>`;
}
