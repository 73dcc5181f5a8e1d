import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualSeed, randn, type Tensor, tensor } from '@ndgrad/core';
import { DataLoader, MappedDataset, randomHorizontalFlip, spiral, TensorDataset } from '@ndgrad/data';
import {
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Flatten,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  Tanh,
} from '@ndgrad/nn';
import { Adam, SGD } from '@ndgrad/optim';
import { type FitObserver, fit } from '@ndgrad/train';
import { parseHTML } from 'linkedom';
import { afterAll } from 'vitest';
import type { RunReport } from '../src/index.ts';

export const loss = new CrossEntropyLoss();

/** Colour pictures of two classes, bright above or bright on the left, with noise. */
function pictures(n: number): TensorDataset {
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const x = randn([n, 3, 8, 8]);
  const { data } = x.ndarray;
  for (let i = 0; i < x.numel(); i++) {
    const [row, column, picture] = [Math.floor(i / 8) % 8, i % 8, Math.floor(i / 192)];
    data[i]! += (labels[picture] === 0 ? row : column) < 4 ? 1 : -1;
  }
  return new TensorDataset(x, tensor(labels), { classNames: ['<above>', 'left & right'] });
}

/** A small convnet with everything that a report could disturb: draws, modes, running statistics. */
export async function trainConvnet(observers: FitObserver[], { epochs = 3, validated = true } = {}): Promise<Module> {
  manualSeed(7);
  const train = new DataLoader(new MappedDataset(pictures(60), randomHorizontalFlip()), {
    batchSize: 12,
    shuffle: true,
  });
  const validation = validated ? new DataLoader(pictures(40), { batchSize: 16, shuffle: true }) : null;
  const model = new Sequential(
    new Conv2d(3, 4, 3, { padding: 1 }),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Dropout({ p: 0.3 }),
    new Linear(64, 6),
    new Tanh(),
    new Linear(6, 2),
  );
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  await fit(model, { loss, optimizer, train, validation, epochs, observers });
  return model;
}

/** The spiral's three arms, all rows a batch, without validation rows. */
export async function trainSpiral(observers: FitObserver[], { lr = 1, epochs = 40 } = {}): Promise<Module> {
  manualSeed(0);
  const { inputs, targets } = spiral({ pointsPerClass: 20 });
  const model = new Sequential(new Linear(2, 12), new ReLU(), new Linear(12, 3));
  const optimizer = new SGD(model.parameters(), { lr });
  await fit(model, { loss, optimizer, train: [[inputs, targets]], epochs, observers });
  return model;
}

/** A layer that draws also in evaluation. */
class Noise extends Module {
  override forward(x: Tensor): Tensor {
    return x.add(randn(x.shape));
  }
}

export async function trainNoisy(observers: FitObserver[]): Promise<Module> {
  manualSeed(3);
  const model = new Sequential(new Linear(2, 5), new Noise(), new ReLU(), new Linear(5, 2));
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const train = new DataLoader(new TensorDataset(randn([20, 2]), tensor(Array.from({ length: 20 }, (_, i) => i % 2))), {
    batchSize: 5,
    shuffle: true,
  });
  await fit(model, { loss, optimizer, train, epochs: 5, observers });
  return model;
}

/** A folder for the files of one test file. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ndgrad-report-'));
  afterAll(() => rm(path, { recursive: true }));
  return path;
}

/** A written page: its text, and its elements. */
export interface Page {
  readonly html: string;
  readonly document: Document;
  /** The embedded data. */
  readonly data: Record<string, unknown>;
}

interface Element {
  readonly textContent: string;
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Element>;
  querySelector(selector: string): Element | null;
}

interface Document extends Pick<Element, 'querySelector' | 'querySelectorAll'> {}

export async function written(report: RunReport, path: string, options?: { compare?: string | null }): Promise<Page> {
  await report.write(path, options);
  return pageIn(await readFile(path, 'utf8'));
}

export function pageIn(html: string): Page {
  const { document } = parseHTML(html) as unknown as { document: Document };
  return { html, document, data: JSON.parse(document.querySelector('#report-data')!.textContent) };
}

/** The charts of the page by their labels. */
export function charts({ document }: Page, label: string | RegExp): Element[] {
  return [...document.querySelectorAll('svg[role="img"]')].filter((svg) =>
    (svg.getAttribute('aria-label') ?? '').match(label),
  );
}

/** How many marks in a chart have this name. */
export const marks = (chart: Element, name: string): number =>
  [...chart.querySelectorAll('[aria-label]')].filter((mark) => mark.getAttribute('aria-label') === name).length;

/** The figures of the page by their titles. */
export const titles = ({ document }: Page): string[] =>
  [...document.querySelectorAll('figcaption')].map((caption) => caption.textContent);

export const valuesOf = (model: Module): number[][] =>
  Object.values(model.stateDict()).map((x: Tensor) => Array.from(x.toArray()));
