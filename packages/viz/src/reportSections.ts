import { grouped, percent, significant } from '@ndgrad/train/text';
import { histogramChart, lineChart, planeChart, type Series } from './charts.ts';
import { COLOURS } from './chartsPlot.ts';
import { thinned } from './reportCurves.ts';
import { curveFigures } from './reportCurvesPage.ts';
import type { ReportData, RunData } from './reportData.ts';
import type { Distribution } from './reportDistribution.ts';
import { type Cell, definitions, escaped, figure, table } from './reportHtml.ts';
import { layerFigures } from './reportLayersPage.ts';
import type { Picture } from './reportPictures.ts';
import type { NamedCurve, RunRecord } from './reportRecord.ts';
import type { Regions } from './reportRegions.ts';
import { imageElement, rowFigures } from './reportRowsPage.ts';
import { safeSvg } from './reportSvg.ts';
import { nameOf, runTiles } from './reportTiles.ts';

/** A part of the page: what was taken when it was added, and how it is drawn when the page is made. */
export interface Section {
  /** `null` for a training run. */
  readonly title: string | null;
  /** A training run's HTML below its heading, or a figure that has this id. */
  readonly draw: (sections: Sections, id: string) => string;
}

/** Draws the sections of one page. */
export class Sections {
  private drawings = 0;

  constructor(
    private readonly records: readonly RunRecord[],
    private readonly data: ReportData,
    private readonly other: ReportData | null,
    private readonly graphs: ReadonlyMap<number, string>,
  ) {}

  /** The heading of a training run; several are numbered. */
  runTitle(i: number): string {
    const { runs } = this.data;
    return runs.length === 1
      ? `Training: ${runs[0]!.model}`
      : `Training ${i + 1} of ${runs.length}: ${nameOf(runs[i]!)}`;
  }

  run(i: number): string {
    const [record, data, other] = [this.records[i]!, this.data.runs[i]!, this.other?.runs[i] ?? null];
    const figures = [
      curveFigures(`run-${i}`, record, data, other),
      rowFigures(record),
      layerFigures(record),
      this.graphFigure(this.graphs.get(i)),
      modelFigure(record, data),
    ];
    return `${runTiles(data, other)}${record.notes.map(noteOf).join('')}<div class="grid">${figures.join('')}</div>`;
  }

  private graphFigure(svg: string | undefined): string {
    if (svg === undefined) return '';
    const drawing = safeSvg(svg, `d${++this.drawings}-`, 'The computational graph of the loss');
    return figure(drawing, {
      title: 'Computational graph',
      caption: 'How the loss of two rows is computed: values above the wires, gradients below.',
      wide: true,
    });
  }

  lines(
    id: string,
    title: string,
    { x, y, logX, logY, caption }: { x: string; y: string; logX: boolean; logY: boolean; caption: string },
    curves: readonly NamedCurve[],
  ): string {
    const others = this.other?.charts[title] ?? [];
    const series = thinned(curves, COLOURS).flatMap(({ name, points }, colour): Series[] => {
      const other = others.find((curve) => curve.name === name);
      return [
        { name, points, colour },
        ...(other === undefined ? [] : [{ name: `other: ${name}`, points: other.points, colour, other: true }]),
      ];
    });
    const label = `${title}: ${y} over ${x}, ${curves.length} curves`;
    const svg = lineChart({ label, x: { label: x, log: logX }, y: { label: y, log: logY }, series });
    const some = curves.length > COLOURS ? ` Shown: ${COLOURS} of ${curves.length} curves.` : '';
    const numbers = table(['curve', 'first', 'smallest', 'largest', 'last'], curves.map(extremes));
    return figure(svg ?? '<p>There are no points that can be shown.</p>', {
      id,
      title,
      legend: series,
      caption: caption + some,
      table: numbers,
    });
  }

  histograms(
    id: string,
    title: string,
    { x, caption }: { x: string; caption: string },
    groups: readonly { readonly name: string; readonly distribution: Distribution }[],
  ): string {
    const panels = groups.map(({ name, distribution }) => {
      const spread = `mean ${significant(distribution.mean, 3)}, std ${significant(distribution.std, 3)}`;
      const chart = histogramChart(`${title}, ${name}: ${spread}`, distribution);
      return `<div class="panel"><h4>${escaped(name)} <small>${spread}</small></h4>${chart}</div>`;
    });
    const rows = groups.map(({ name, distribution: { count, mean, std, zeros, notFinite } }) => [
      name,
      grouped(count),
      mean,
      std,
      percent(zeros, 1),
      percent(notFinite, 1),
    ]);
    const header = ['', 'numbers', 'mean', 'std', 'zeros', 'not finite'];
    return figure(`<div class="panels">${panels.join('')}</div>`, {
      id,
      title: `${title}: ${x}`,
      caption,
      table: table(header, rows),
      wide: true,
    });
  }

  points(id: string, title: string, caption: string, regions: Regions): string {
    const found = [...new Set(regions.points.map(({ label }) => label))].toSorted((a, b) => (a < b ? -1 : 1));
    const labels = regions.leads.length > 0 ? regions.leads.map((_, c) => c) : found;
    const name = `${title}: ${regions.points.length} points of ${found.length} kinds`;
    return figure(planeChart(name, regions, labels), {
      id,
      title,
      caption,
      legend: labels.map((label, colour) => ({ name: String(label), colour })),
    });
  }

  images(id: string, title: string, caption: string, images: readonly { picture: Picture; label: string }[]): string {
    const figures = images.map(({ picture, label }, i) => {
      const image = imageElement(picture, label || `${title}, picture ${i + 1}`);
      return `<figure>${image}${escaped(label)}</figure>`;
    });
    return figure(`<div class="pictures">${figures.join('')}</div>`, { id, title, caption, wide: true });
  }

  table(id: string, title: string, header: readonly string[], rows: readonly (readonly Cell[])[]): string {
    return figure(table(header, rows), { id, title, wide: true });
  }

  svg(id: string, title: string, svg: string, caption: string): string {
    const drawing = safeSvg(svg, `d${++this.drawings}-`, title);
    return figure(drawing, { id, title, caption, wide: true });
  }

  text(id: string, title: string, text: string): string {
    return figure(`<pre>${escaped(text)}</pre>`, { id, title, wide: true });
  }
}

const noteOf = (note: string): string => `<p class="note">Could not look at ${escaped(note)}</p>`;

function extremes({ name, points: { y } }: NamedCurve): Cell[] {
  const finite = y.filter(Number.isFinite);
  if (finite.length === 0) return [name, '–', '–', '–', '–'];
  return [name, y[0] ?? '–', Math.min(...finite), Math.max(...finite), y.at(-1) ?? '–'];
}

function modelFigure(record: RunRecord, data: RunData): string {
  const settings = Object.entries(data.settings).map(([name, value]) => `${name} ${value}`);
  const list = definitions([
    ['loss', data.loss],
    ['optimizer', [data.optimizer, ...settings].join(', ')],
    ['parameters', data.parameters.toLocaleString('en-US')],
    ['epochs', `${record.last?.epoch ?? 0} of ${data.epochs} planned`],
    ['watching', `${significant(record.watching, 2)} s of ${significant(data.seconds, 3)} s`],
  ]);
  return figure(`<pre>${escaped(record.modules)}</pre><br>${list}`, { title: 'Model', wide: true });
}
