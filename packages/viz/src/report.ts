import { ArgumentError, checkInteger, describe, readOptions, Tensor } from '@ndgrad/core';
import type { BatchRecord, EpochRecord, FitObserver, FitRun } from '@ndgrad/train';
import { type Points, thinnedPoints } from './reportCurves.ts';
import { compact, extracted } from './reportData.ts';
import { commonRange, distribution } from './reportDistribution.ts';
import { imageOf } from './reportPictures.ts';
import type { NamedCurve, RunRecord } from './reportRecord.ts';
import { RunRecorder } from './reportRecorder.ts';
import { regionsOfLabels, withoutRegions } from './reportRegions.ts';
import type { Section } from './reportSections.ts';
import type { Curve, HistogramsSpec, ImagesSpec, LinesSpec, PointsSpec, Report } from './reportTypes.ts';

/** What a report says of the program that it watches. */
export interface RunReportOptions {
  /** The heading: what was run. */
  title: string;
  /** The command line that does it again (default: none). */
  command?: string | null;
  /** What was set, by name (default: nothing). */
  options?: Readonly<Record<string, unknown>>;
  /** The seed (default: none). */
  seed?: number | null;
}

/** Training runs that are shown in full: the first one, and the last ones. Of those between, the results remain. */
const FIRST = 1;
const LAST = 3;

/** Points per curve of a program's own charts. */
const POINTS = 300;

/**
 * What happened in a program, as one page with pictures. It watches every `fit` that it is given to, and takes what the
 * program draws itself:
 *
 * ```ts
 * const report = new RunReport({ title: 'digits', command: 'pnpm train mnist', options: { lr: 0.1 }, seed: 0 });
 * await fit(model, { loss, optimizer, train, validation, epochs, observers: [report] });
 * report.table('Results', ['part', 'accuracy'], [['test', 0.98]]);
 * await report.write('run.html', { compare: 'yesterday.html' });
 * ```
 * Of a training run the page shows the loss, the accuracy and its gap to the validation rows, the learning rate,
 * ‖Δw‖/‖w‖ of single steps, how activations, gradients and weights were distributed, dead and saturated units, the
 * weights of the first layer and the rows of the highest loss (as pictures where they are some), the confusions, and for
 * inputs of two numbers the decision regions.
 *
 * It leaves no trace in the training: no draw from the default generator, no mode, no gradient; the weights are bit for
 * bit those without it. It looks closely at the steps 1, 4, 16, …, with the first 100 rows that are learnt from, and
 * measures at most 128 steps. After the training it reads the validation rows (or else the training rows) once more, for
 * two seconds or a tenth of the training's time, whichever is more; only a transform with a generator of its own can
 * notice that. All in all this costs a few hundredths of the training's time.
 * @throws ArgumentError for options that are unknown or of the wrong kind
 */
export class RunReport implements Report, FitObserver {
  private readonly about: Required<RunReportOptions>;
  private readonly began = new Date();
  private readonly sections: Section[] = [];
  private readonly runs: RunRecord[] = [];
  private recorder: RunRecorder | null = null;
  private readonly charts: Record<string, NamedCurve[]> = {};

  constructor(options: RunReportOptions) {
    const none = { title: undefined as unknown as string, command: null, options: {}, seed: null };
    this.about = readOptions('RunReport', options, none as Required<RunReportOptions>);
    checkText('RunReport', 'title', this.about.title);
  }

  // Watching

  start(run: FitRun): void {
    this.recorder = new RunRecorder(run);
    this.recorder.start();
  }

  batch(record: BatchRecord): void {
    this.recorder?.batch(record);
  }

  epoch(record: EpochRecord): void {
    this.recorder?.epoch(record);
  }

  async stop(): Promise<void> {
    const { recorder } = this;
    if (recorder === null) return;
    this.recorder = null;
    const index = this.runs.length;
    this.runs.push(await recorder.stop());
    this.sections.push({ title: null, draw: (page) => page.run(index) });
    const between = index - LAST;
    if (between >= FIRST) this.runs[between] = lightened(this.runs[between]!);
  }

  // What the program draws itself

  lines(title: string, spec: LinesSpec): void {
    const { series, ...chart } = readOptions('report.lines', spec, {
      series: {} as LinesSpec['series'],
      x: '',
      y: '',
      logX: false,
      logY: false,
      caption: '',
    });
    const curves = Object.entries(series).map(([name, curve]) => ({
      name,
      points: compact(thinnedPoints(pointsOf(curve), POINTS)),
    }));
    this.charts[title] = curves;
    this.add('lines', title, (page, id) => page.lines(id, title, chart, curves));
  }

  histograms(title: string, spec: HistogramsSpec): void {
    const { groups, x, bins, caption } = readOptions('report.histograms', spec, {
      groups: {} as HistogramsSpec['groups'],
      x: '',
      bins: 30,
      caption: '',
    });
    checkInteger('report.histograms', 'bins', bins, 1);
    const range = commonRange(Object.values(groups));
    const taken = Object.entries(groups).map(([name, values]) => ({
      name,
      distribution: distribution(values, { bins, range }),
    }));
    this.add('histograms', title, (page, id) => page.histograms(id, title, { x, caption }, taken));
  }

  points(title: string, spec: PointsSpec): void {
    const { points, regions, caption } = readOptions('report.points', spec, {
      points: [],
      regions: undefined as unknown as PointsSpec['regions'],
      caption: '',
    } as PointsSpec & { caption: string });
    const plane = regions === undefined ? withoutRegions(points) : regionsOfLabels(points, regions);
    this.add('points', title, (page, id) => page.points(id, title, caption, plane));
  }

  images(title: string, spec: ImagesSpec): void {
    const { images, caption } = readOptions('report.images', spec, { images: [], caption: '' } as Required<ImagesSpec>);
    const pictures = images.map(({ pixels, label = '' }) => {
      const picture = pixels instanceof Tensor ? imageOf(pixels) : null;
      if (picture !== null) return { picture, label };
      throw new ArgumentError(`report.images: pixels must be a tensor [h, w] or [3, h, w], got ${shapeOf(pixels)}`);
    });
    this.add('images', title, (page, id) => page.images(id, title, caption, pictures));
  }

  table(title: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const copied = rows.map((row) => [...row]);
    this.add('table', title, (page, id) => page.table(id, title, [...header], copied));
  }

  svg(title: string, svg: string, caption = ''): void {
    checkText('report.svg', 'svg', svg);
    const drawing = /<svg[\s>].*<\/svg>/s.exec(svg)?.[0];
    if (drawing === undefined) throw new ArgumentError('report.svg: the drawing must be an <svg> element');
    this.add('svg', title, (page, id) => page.svg(id, title, drawing, caption));
  }

  text(title: string, text: string): void {
    checkText('report.text', 'text', text);
    this.add('text', title, (page, id) => page.text(id, title, text));
  }

  private add(kind: string, title: string, draw: Section['draw']): void {
    checkText(`report.${kind}`, 'title', title);
    this.sections.push({ title, draw });
  }

  // The page

  /**
   * Writes the page as a file, whole or not at all; needs neither a server nor the network to be looked at. May be called
   * again later, when there is more.
   * @param options `compare`: the file of another run's report, which is laid beside this one (default: none)
   * @throws ArgumentError where the other file is no report, FileError where this one can't be written
   */
  async write(path: string, options?: { compare?: string | null }): Promise<void> {
    const { compare } = readOptions('RunReport.write', options, { compare: null as string | null });
    const other = compare === null ? null : extracted(await textOf(compare), compare);
    const [{ pageOf }, { writeFileAtomic }] = await Promise.all([import('./reportPage.ts'), import('@ndgrad/io')]);
    const { title, command, options: set, seed } = this.about;
    const html = pageOf({
      about: { title, command: command ?? '', options: textsOf(set), seed },
      began: this.began,
      sections: this.sections,
      runs: this.runs,
      charts: this.charts,
      other,
      graphs: await graphsOf(this.runs),
    });
    await writeFileAtomic(path, new TextEncoder().encode(html));
  }
}

async function textOf(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ArgumentError(`compare: ${path} can't be read: ${(error as Error).message}`);
  }
}

/** The drawn graphs by the numbers of their runs; of several of one model, the first. Those too large are left out. */
async function graphsOf(runs: readonly RunRecord[]): Promise<Map<number, string>> {
  const drawn = new Map<number, string>();
  const models = new Set<string>();
  for (const [i, { graph, modules }] of runs.entries()) {
    if (graph === null || models.has(modules)) continue;
    models.add(modules);
    try {
      drawn.set(i, await graph.svg());
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error; // Graphviz could not lay it out
    }
  }
  return drawn;
}

/** A run without its pictures. */
function lightened(run: RunRecord): RunRecord {
  return {
    ...run,
    activations: [],
    gradients: [],
    weights: [],
    pictures: null,
    evaluation: null,
    graph: null,
    light: true,
  };
}

function pointsOf(curve: Curve): Points {
  const points = curve.map((item, i) => (typeof item === 'number' ? [i, item] : item) as readonly [number, number]);
  return { x: points.map(([x]) => x), y: points.map(([, y]) => y) };
}

const textsOf = (options: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));

const shapeOf = (value: unknown): string => (value instanceof Tensor ? `[${value.shape.join(', ')}]` : describe(value));

function checkText(operation: string, name: string, value: unknown): void {
  if (typeof value !== 'string')
    throw new ArgumentError(`${operation}: ${name} must be a text, got ${describe(value)}`);
}
