import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultGenerator, tensor } from '@ndgrad/core';
import { Linear } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { type FitObserver, fit } from '@ndgrad/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunReport } from '../src/index.ts';
import {
  charts,
  folder,
  marks,
  type Page,
  titles,
  trainConvnet,
  trainNoisy,
  trainSpiral,
  valuesOf,
  written,
} from './reportRuns.ts';

const files = await folder();
const file = (name: string) => join(files, name);

describe('a watched training run', () => {
  it('is bit for bit the same as one that nobody watches', async () => {
    const plain = await trainConvnet([]);
    const [state, modes] = [defaultGenerator.getState(), plain.modules().map(({ training }) => training)];
    const watched = await trainConvnet([new RunReport({ title: 'watched' })]);
    expect(valuesOf(watched)).toEqual(valuesOf(plain));
    expect(defaultGenerator.getState()).toEqual(state);
    expect(watched.modules().map(({ training }) => training)).toEqual(modes);
  });

  it('is the same where looking at the rows draws, and where the model itself draws', async () => {
    for (const train of [
      (observers: FitObserver[]) => trainConvnet(observers, { validated: false }),
      (observers: FitObserver[]) => trainNoisy(observers),
    ]) {
      const plain = await train([]);
      const state = defaultGenerator.getState();
      expect(valuesOf(await train([new RunReport({ title: 'watched' })]))).toEqual(valuesOf(plain));
      expect(defaultGenerator.getState()).toEqual(state);
    }
  });

  it('keeps the gradients of its last step', async () => {
    const [plain, watched] = [await trainSpiral([]), await trainSpiral([new RunReport({ title: 'watched' })])];
    const gradients = (model: typeof plain) => model.parameters().map(({ grad }) => Array.from(grad!.toArray()));
    expect(gradients(watched)).toEqual(gradients(plain));
  });

  it('ends with its own error, of which the page still tells', async () => {
    const report = new RunReport({ title: 'wrong' });
    const [model, x] = [new Linear(2, 3), tensor([[1, 2]])];
    const broken = {
      call: () => {
        throw new RangeError('the loss is broken');
      },
    };
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const run = fit(model, { loss: broken, optimizer, train: [[x, tensor([0])]], epochs: 1, observers: [report] });
    await expect(run).rejects.toThrow('the loss is broken');
    const page = await written(report, file('wrong.html'));
    expect(titles(page)).toContain('Model');
    expect(page.data.runs).toMatchObject([{ steps: 0, epochs: 1, parameters: 9 }]);
  });
});

describe('the page of a convnet', () => {
  let page: Page;
  beforeAll(async () => {
    const report = new RunReport({
      title: 'A <b>convnet</b>',
      command: 'pnpm train "<x>"',
      options: { '<lr>': '</script>' },
      seed: 7,
    });
    await trainConvnet([report]);
    page = await written(report, file('convnet.html'));
  }, 60_000);

  it('shows everything that there is to see', () => {
    expect(titles(page)).toEqual([
      'Loss',
      'Accuracy, and the gap',
      'Learning rate',
      'Update to weight',
      'Dead ReLUs',
      'Saturated units',
      'Confusions',
      'Highest losses',
      'First layer: 0.weight',
      'Activations',
      'Gradients',
      'Weights',
      'Computational graph',
      'Model',
      'Run',
      'Options',
    ]);
  });

  it('draws each chart with its marks', () => {
    const [linear, log] = charts(page, /^Loss over the epochs/);
    for (const chart of [linear!, log!]) {
      expect(['each batch', 'training', 'validation'].map((name) => marks(chart, name))).toEqual([1, 1, 1]);
      expect(chart.querySelectorAll('circle')).toHaveLength(2 * 3); // three epochs
    }
    const [accuracy] = charts(page, /^Accuracy/);
    expect(['gap', 'training', 'validation'].map((name) => marks(accuracy!, name))).toEqual([1, 1, 1]);
    const [ratios] = charts(page, /^Size of a step/);
    expect(marks(ratios!, '0.weight [4, 3, 3, 3]') + marks(ratios!, '6.weight [6, 64]')).toBe(2);
    expect(ratios!.querySelectorAll('.band rect')).toHaveLength(1);
    expect(charts(page, /^Learning rate/)).toHaveLength(1);
    expect(charts(page, /^(Dead ReLUs|Saturated units)/)).toHaveLength(2);
  });

  it('draws a histogram for each layer and each look', () => {
    // looks at the start, at the steps 4 and 15 (the last); gradients at 1, 4, 15
    const layers = charts(page, /^Activations of/);
    expect(layers.map((chart) => chart.getAttribute('aria-label')!.split(',')[0])).toEqual([
      'Activations of 0 (Conv2d 3→4',
      'Activations of 1 (BatchNorm2d 4)',
      'Activations of 2 (ReLU)',
      'Activations of 3 (MaxPool2d)',
      'Activations of 6 (Linear 64→6)',
      'Activations of 7 (Tanh)',
      'Activations of 8 (Linear 6→2)',
    ]);
    for (const chart of layers) expect(['start', '4', '15'].map((step) => marks(chart, step))).toEqual([1, 1, 1]);
    const gradients = charts(page, /^Gradients of/);
    expect(gradients).toHaveLength(3);
    for (const chart of gradients) expect(['1', '4', '15'].map((step) => marks(chart, step))).toEqual([1, 1, 1]);
    expect(charts(page, /^Weights of/)).toHaveLength(3);
  });

  it('gives each picture a text, and each chart a table or a caption', () => {
    for (const image of page.document.querySelectorAll('img')) expect(image.getAttribute('alt')).not.toBe('');
    for (const svg of page.document.querySelectorAll('main svg')) expect(svg.getAttribute('aria-label')).toBeTruthy();
    const figures = [...page.document.querySelectorAll('figure.card')];
    for (const figure of figures) expect(figure.querySelector('.caption, table, dl')).not.toBeNull();
  });

  it('counts every validation row once', () => {
    const { evaluation } = (
      page.data.runs as { evaluation: { rows: number; confusion: number[][]; part: string } }[]
    )[0]!;
    expect(evaluation).toMatchObject({ rows: 40, part: 'validation' });
    expect(evaluation.confusion.map((row) => row[0]! + row[1]!)).toEqual([20, 20]);
    expect(page.document.querySelectorAll('table.confusion tbody td')).toHaveLength(4);
    expect(page.document.querySelectorAll('.pictures figure')).toHaveLength(24);
  });

  it('holds the numbers of the run as data', () => {
    const run = (page.data.runs as Record<string, unknown>[])[0]!;
    expect(page.data).toMatchObject({ title: 'A <b>convnet</b>', seed: 7, options: { '<lr>': '</script>' } });
    expect(run).toMatchObject({ steps: 15, epochs: 3, parameters: 112 + 8 + 390 + 14, optimizer: 'Adam' });
    const curves = run.curves as Record<string, { x: number[]; y: number[] }>;
    expect(curves.loss!.x).toEqual(Array.from({ length: 15 }, (_, i) => Number(((i + 1) / 5).toPrecision(5))));
    expect(curves.validationLoss!.x).toEqual([1, 2, 3]);
    expect(curves.lr!.y).toEqual(new Array(15).fill(0.01));
    const epochMean = curves.loss!.y.slice(0, 5).reduce((sum, value) => sum + value, 0) / 5; // batches of equal size
    expect(curves.trainLoss!.y[0]).toBeCloseTo(epochMean, 4);
  });

  it('shows hostile names as what they are', () => {
    expect(page.html).not.toMatch(/<b>convnet|<above>|<x>|<lr>/);
    expect(page.document.querySelector('h1')!.textContent).toBe('A <b>convnet</b>');
    expect(page.document.querySelector('table.confusion th')!.textContent).toBe('<above>');
    expect(page.html.match(/<\/script>/g)).toHaveLength(1);
  });

  it('is whole in itself: no script, nothing from elsewhere', () => {
    expect(page.document.querySelectorAll('script:not([type="application/json"]), link, iframe, object')).toHaveLength(
      0,
    );
    for (const attribute of page.html.matchAll(/\b(?:src|href)="([^"]*)"/g))
      expect(attribute[1]).toMatch(/^(#|data:image\/png;base64,)/);
    expect(page.html).not.toMatch(/@import|url\((?!#)/);
    expect(page.html).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    expect(page.html.length).toBeLessThan(600_000);
  });
});

describe('the page of inputs of two numbers', () => {
  let page: Page;
  const report = new RunReport({ title: 'spiral', options: { lr: 1, hidden: 12 }, seed: 0 });
  beforeAll(async () => {
    await trainSpiral([report]);
    page = await written(report, file('spiral.html'));
  }, 60_000);

  it('shows the regions of the classes, and every point', () => {
    const [plane] = charts(page, /^Decision regions/);
    expect([0, 1, 2].map((c) => marks(plane!, `region ${c}`))).toEqual([1, 1, 1]);
    expect([0, 1, 2].map((c) => marks(plane!, `points of ${c}`))).toEqual([20, 20, 20]);
  });

  it('has the update of each step relative to the weight', async () => {
    const { ratios } = (page.data.runs as { ratios: { name: string; points: { x: number[]; y: number[] } }[] }[])[0]!;
    expect(ratios.map(({ name }) => name)).toEqual(['0.weight [12, 2]', '2.weight [3, 12]']);
    expect(ratios[0]!.points.x).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const weights: number[][] = [];
    const watch = {
      start: ({ model }: { model: { parameters(): { toArray(): Float64Array }[] } }) => {
        weights.push(Array.from(model.parameters()[0]!.toArray()));
        parameters = model.parameters();
      },
      batch: () => void weights.push(Array.from(parameters[0]!.toArray())),
    };
    let parameters: { toArray(): Float64Array }[] = [];
    await trainSpiral([watch]);
    const norm = (values: number[]) => Math.hypot(...values);
    const expected = weights
      .slice(1)
      .map((w, i) => norm(w.map((value, k) => value - weights[i]![k]!)) / norm(weights[i]!));
    ratios[0]!.points.y.forEach((ratio, i) => expect(ratio).toBeCloseTo(expected[i]!, 5));
  });

  it('lays another run beside it: its curves dashed, and what differs', async () => {
    const second = new RunReport({ title: 'spiral', options: { lr: 0.5, hidden: 12 }, seed: 0 });
    await trainSpiral([second], { lr: 0.5 });
    const beside = await written(second, file('second.html'), { compare: file('spiral.html') });
    const [chart] = charts(beside, /^Loss over the epochs/);
    expect([marks(chart!, 'training'), marks(chart!, 'other: training')]).toEqual([1, 1]);
    expect(chart!.querySelectorAll('[stroke-dasharray]')).toHaveLength(1);
    const rows = [...beside.document.querySelectorAll('#comparison tbody tr')].map((row) =>
      [...row.querySelectorAll('td')].map((cell) => cell.textContent),
    );
    expect(rows).toContainEqual(['lr', '0.5', '1']);
    expect(rows).toContainEqual(['training 1: lr', '0.5', '1']);
    expect(rows.map(([name]) => name)).not.toContain('hidden');
    const others = [...beside.document.querySelectorAll('.tile i')].map((note) => note.textContent);
    const { curves } = (page.data.runs as { curves: { trainLoss: { y: number[] } } }[])[0]!;
    expect(others[0]).toBe(`other: ${Number(curves.trainLoss.y.at(-1)!.toPrecision(4))}`);
  });

  it('can be written again', async () => {
    const again = await written(report, file('spiral.html'));
    expect(titles(again)).toEqual(titles(page));
  });
});

describe('several training runs', () => {
  it('stand in a table, the first and the last three in full', async () => {
    const report = new RunReport({ title: 'search' });
    for (let run = 0; run < 6; run++) await trainSpiral([report], { lr: 0.1 * (run + 1), epochs: 2 });
    const page = await written(report, file('search.html'));
    const headings = [...page.document.querySelectorAll('h2')].map((heading) => heading.textContent.slice(0, 15));
    expect(headings).toEqual([
      '6 training runs',
      ...[1, 4, 5, 6].map((run) => `Training ${run} of 6`.slice(0, 15)),
      'Program and mac',
    ]);
    expect(page.document.querySelectorAll('#runs tbody tr')).toHaveLength(6);
    expect(charts(page, 'Training loss of 6 runs')).toHaveLength(1);
    expect(page.document.querySelectorAll('.drawing')).toHaveLength(1); // one model, one graph
  });
});

describe('what a program draws itself', () => {
  it('becomes a section each, in the order of the calls', async () => {
    const report = new RunReport({ title: 'drawn' });
    const weight = tensor([
      [0, 1],
      [2, 3],
    ]);
    report.text('Notes', 'a < b\n  kept');
    report.lines('Race', {
      series: {
        sgd: [4, 2, 1],
        adam: [
          [1, 3],
          [2, 0],
        ],
      },
      x: 'step',
      y: 'loss',
      logY: true,
    });
    report.histograms('Values', { groups: { one: [0, 0.1, 1], two: [1, Number.NaN] }, x: 'value', bins: 4 });
    report.points('XOR', {
      points: [
        { x: 0, y: 0, label: 0 },
        { x: 0, y: 1, label: 1 },
      ],
      regions: (_x, y) => (y > 0.5 ? 1 : 0),
    });
    report.points('Names', { points: [{ x: 0, y: 0, label: 'a' }] });
    report.images('Filters', {
      images: [{ pixels: weight, label: '<grey>' }, { pixels: tensor([[[1]], [[2]], [[3]]]) }],
    });
    report.table('Results', ['who', 'value'], [['me', 0.123456]]);
    report.svg('Drawing', '<svg viewBox="0 0 9 9"><circle r="3"/></svg>', 'by hand');
    weight.fill_(7); // what was drawn stays
    const page = await written(report, file('drawn.html'));
    const drawn = ['Notes', 'Race', 'Values: value', 'XOR', 'Names', 'Filters', 'Results', 'Drawing'];
    expect(titles(page)).toEqual([...drawn, 'Run']);
    const links = [...page.document.querySelectorAll('nav a')].map((link) =>
      page.document.querySelector(link.getAttribute('href')!),
    );
    expect(links).toHaveLength(drawn.length + 1);
    expect(links).not.toContain(null);
    expect(page.document.querySelector('#part-0 pre')!.textContent).toBe('a < b\n  kept');
    expect(page.data.charts).toEqual({
      Race: [
        { name: 'sgd', points: { x: [0, 1, 2], y: [4, 2, 1] } },
        { name: 'adam', points: { x: [1, 2], y: [3, 0] } },
      ],
    });
    const [race] = charts(page, /^Race: loss over step, 2 curves/);
    expect([marks(race!, 'sgd'), marks(race!, 'sgd, points'), marks(race!, 'adam, points')]).toEqual([1, 3, 1]);
    expect(charts(page, /^Values, (one|two)/).map((chart) => [...chart.querySelectorAll('rect')].length)).toEqual([
      4, 4,
    ]);
    expect(charts(page, /^XOR/).map((chart) => marks(chart, 'region 0') + marks(chart, 'region 1'))).toEqual([2]);
    expect(charts(page, /^Names/).map((chart) => marks(chart, 'points of a'))).toEqual([1]);
    expect([...page.document.querySelectorAll('.pictures figure')].map((figure) => figure.textContent)).toEqual([
      '<grey>',
      '',
    ]);
    expect(page.document.querySelector('#part-6 tbody')!.textContent).toBe('me0.1235');
    expect(page.document.querySelector('.drawing circle')).not.toBeNull();
  });

  it('is laid beside the same drawing of another report', async () => {
    const [first, second] = [new RunReport({ title: 'a' }), new RunReport({ title: 'b' })];
    first.lines('Race', { series: { sgd: [3, 2] }, x: 'step', y: 'loss' });
    second.lines('Race', { series: { sgd: [3, 1] }, x: 'step', y: 'loss' });
    await written(first, file('first.html'));
    const page = await written(second, file('beside.html'), { compare: file('first.html') });
    expect(charts(page, /^Race/).map((chart) => marks(chart, 'other: sgd'))).toEqual([1]);
  });
});

describe('wrong calls', () => {
  const report = new RunReport({ title: 'wrong' });

  it('are refused where they are made', () => {
    expect(() => new RunReport({ title: 3 as unknown as string })).toThrow('RunReport: title must be a text, got 3');
    expect(() => new RunReport({ title: '', sed: 3 } as { title: string })).toThrow(
      'RunReport: unknown option "sed". Did you mean "seed"?',
    );
    const lines = { series: {}, x: '', y: '', logz: true };
    expect(() => report.lines('a', lines)).toThrow('report.lines: unknown option "logz". Did you mean "logX"?');
    expect(() => report.images('a', { images: [{ pixels: tensor([1, 2]) }] })).toThrow(
      'report.images: pixels must be a tensor [h, w] or [3, h, w], got [2]',
    );
    expect(() => report.histograms('a', { groups: {}, x: '', bins: 0 })).toThrow(
      'report.histograms: bins must be a whole number',
    );
    expect(() => report.text('a', 1 as unknown as string)).toThrow('report.text: text must be a text, got 1');
    expect(() => report.svg('a', '<p>hello</p>')).toThrow('report.svg: the drawing must be an <svg> element');
    expect(() => report.table(1 as unknown as string, [], [])).toThrow('report.table: title must be a text, got 1');
  });

  it('a page to compare with must be there, and a report', async () => {
    await expect(report.write(file('x.html'), { compare: file('none.html') })).rejects.toThrow(
      /^compare: .*none.html can't be read: ENOENT/,
    );
    await writeFile(file('other.html'), '<p>hello</p>');
    await expect(report.write(file('x.html'), { compare: file('other.html') })).rejects.toThrow(
      /other.html is no report to compare with: it holds no data of a report; give a page that --report wrote/,
    );
  });

  it('a page that can not be written says so', async () => {
    await expect(report.write(file('no/such/folder.html'))).rejects.toThrow(/no\/such\/folder.html/);
  });
});
