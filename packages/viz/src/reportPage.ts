import { duration } from '@ndgrad/train/text';
import { lineChart } from './charts.ts';
import { COLOURS } from './chartsPlot.ts';
import { thinned } from './reportCurves.ts';
import { embedded, newData, type ReportData, runData } from './reportData.ts';
import { environment } from './reportEnvironment.ts';
import { definitions, escaped, figure, section } from './reportHtml.ts';
import type { NamedCurve, RunRecord } from './reportRecord.ts';
import { type Section, Sections } from './reportSections.ts';
import { style } from './reportStyle.ts';
import { comparison, nameOf, runsTable } from './reportTiles.ts';

/** All that a page is made of. */
export interface PageParts {
  readonly about: Pick<ReportData, 'title' | 'command' | 'options' | 'seed'>;
  readonly began: Date;
  readonly sections: readonly Section[];
  readonly runs: readonly RunRecord[];
  readonly charts: Readonly<Record<string, readonly NamedCurve[]>>;
  readonly other: ReportData | null;
  /** The drawn graphs of some of the runs. */
  readonly graphs: ReadonlyMap<number, string>;
}

/** Nothing runs in the page, and nothing is fetched. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The page as HTML, whole: style, pictures and data are inside. */
export function pageOf({ about, began, sections, runs, charts, other, graphs }: PageParts): string {
  const data = newData({
    ...about,
    environment: environment(),
    started: began.toISOString(),
    seconds: Math.round(Date.now() - began.getTime()) / 1000,
    runs: runs.map((run) => runData(run, runs.length)),
    charts,
  });
  const parts = [
    ...comparisonPart(data, other),
    ...overviewPart(data, other),
    ...drawn(sections, runs, new Sections(runs, data, other, graphs)),
  ];
  const program = { id: 'program', title: 'Program and machine', html: programOf(data) };
  const all = [...parts, program];
  const links = all.map(({ id, title }) => `<li><a href="#${escaped(id)}">${escaped(title)}</a></li>`);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<title>${escaped(data.title)}</title><style>${style}</style></head><body>`,
    FILTERS,
    `<header><h1>${escaped(data.title)}</h1>`,
    `<p class="when">${escaped(began.toUTCString())}, ${duration(data.seconds)}</p>`,
    data.command === '' ? '' : `<code class="command">${escaped(data.command)}</code>`,
    '</header>',
    all.length > 2 ? `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>` : '',
    `<main>${sectionsOf(all)}</main>`,
    '<footer>Made by ndgrad. The numbers of the page are in it as JSON.</footer>',
    embedded(data),
    '</body></html>\n',
  ].join('\n');
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly html: string;
  /** Whether it is a figure, which shares its section with those before and after it. */
  readonly isFigure?: boolean;
}

function sectionsOf(parts: readonly Part[]): string {
  let open = false;
  return parts
    .map(({ id, title, html, isFigure = false }) => {
      const before = isFigure === open ? '' : open ? '</div></section>' : '<section class="own"><div class="grid">';
      open = isFigure;
      return before + (isFigure ? html : section(id, title, html));
    })
    .join('\n');
}

function drawn(sections: readonly Section[], runs: readonly RunRecord[], page: Sections): Part[] {
  let run = -1;
  return sections.flatMap(({ title, draw }, i): Part[] => {
    if (title === null && runs[++run]!.light) return [];
    const id = `part-${i}`;
    return [{ id, title: title ?? page.runTitle(run), html: draw(page, id), isFigure: title !== null }];
  });
}

function comparisonPart(data: ReportData, other: ReportData | null): Part[] {
  if (other === null) return [];
  const html = `<div class="card">${comparison(data, other)}</div><p class="caption">In the charts below, the other run is dashed.</p>`;
  return [{ id: 'comparison', title: 'Beside the other run', html }];
}

/** Of several training runs the results in a table, and their losses in one chart. */
function overviewPart({ runs }: ReportData, other: ReportData | null): Part[] {
  if (runs.length < 2) return [];
  const shown = thinned(Array.from(runs.keys()), COLOURS);
  const series = shown.flatMap((i, colour) => {
    const lossOf = (run: ReportData['runs'][number]) =>
      run.curves.trainLoss.x.length > 0 ? run.curves.trainLoss : run.curves.loss;
    const beside = other?.runs[i];
    return [
      { name: `${i + 1}: ${nameOf(runs[i]!)}`, points: lossOf(runs[i]!), colour },
      ...(beside === undefined ? [] : [{ name: `other: ${i + 1}`, points: lossOf(beside), colour, other: true }]),
    ];
  });
  const label = `Training loss of ${shown.length} runs`;
  const svg = lineChart({
    label,
    x: { label: 'epochs', zero: true },
    y: { label: 'loss', log: true },
    series,
    wide: true,
  });
  const chart = svg === null ? '' : figure(svg, { title: 'Training loss', legend: series, wide: true });
  const html = `<div class="grid">${chart}<div class="card wide">${runsTable(runs)}</div></div>`;
  return [{ id: 'runs', title: `${runs.length} training runs`, html }];
}

function programOf({ command, seed, options, environment, started, seconds }: ReportData): string {
  const given = Object.entries(options).map(([name, value]) => [name, value || '–'] as const);
  return `<div class="grid">${figure(
    definitions([
      ['command', command || '–'],
      ['seed', seed === null ? 'none was given' : String(seed)],
      ['started', started],
      ['time', duration(seconds)],
      ...Object.entries(environment),
    ]),
    { title: 'Run' },
  )}${given.length === 0 ? '' : figure(definitions(given), { title: 'Options' })}</div>`;
}

/** From grey to blue below the middle and red above it; in the dark the middle is black. */
const FILTERS = [
  ['diverging', ['.13 .57 .97 .96 .70', '.40 .77 .97 .65 .09', '.67 .87 .97 .51 .17']],
  ['diverging-dark', ['.42 .14 .08 .54 1', '.70 .31 .09 .27 .60', '.94 .48 .11 .13 .33']],
]
  .map(([id, [r, g, b]]) => {
    const functions = [
      `<feFuncR type="table" tableValues="${r}"/>`,
      `<feFuncG type="table" tableValues="${g}"/>`,
      `<feFuncB type="table" tableValues="${b}"/>`,
    ];
    return (
      `<svg width="0" height="0" style="position:absolute" aria-hidden="true"><filter id="${id}" ` +
      `color-interpolation-filters="sRGB"><feComponentTransfer>${functions.join('')}</feComponentTransfer></filter></svg>`
    );
  })
  .join('');
