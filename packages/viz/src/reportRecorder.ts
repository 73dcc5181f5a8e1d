import { clone, copy_, noGrad, norm, sub, type Tensor } from '@ndgrad/core';
import type { BatchRecord, EpochRecord, FitOptimizer, FitRun } from '@ndgrad/train';
import type { Graph } from './graph.ts';
import { isLandmark, MeanCurve, type Points, Samples, thinned } from './reportCurves.ts';
import { Histories } from './reportDistribution.ts';
import { type Evaluation, evaluation, firstRows, lossGraph } from './reportEvaluation.ts';
import { layerOutputs } from './reportLayers.ts';
import { type WeightPictures, weightPictures } from './reportPictures.ts';
import type { IdleUnits, NamedCurve, RunRecord } from './reportRecord.ts';
import { lineOf, onNextCall, undrawn } from './reportWatch.ts';

/** Rows of the batch that the layers' outputs are taken of. */
const ROWS = 100;

/** Layers that are looked at; of more, so many evenly taken. */
const LAYERS = 16;

/** The look at the data at the end may take so many seconds, or this share of the training, whichever is more. */
const LAST_LOOK = { seconds: 2, share: 0.1 };

/** A weight, and its copy from before the step that is being measured. */
interface Watched {
  readonly name: string;
  readonly weight: Tensor;
  readonly before: Tensor;
}

/** Watches one training run, without a trace in it. */
export class RunRecorder {
  private readonly run: FitRun;
  /** The options of the optimizer's first group, as they were at the start. */
  private readonly settings: Readonly<Record<string, string>>;
  private readonly began = performance.now();
  private watching = 0;
  private steps = 0;
  private stepsInEpoch = 0;
  private firstEpoch = 1;
  private last: EpochRecord | null = null;
  private readonly curves = {
    loss: new MeanCurve(),
    lr: new MeanCurve(),
    trainLoss: new MeanCurve(),
    validationLoss: new MeanCurve(),
    trainAccuracy: new MeanCurve(),
    validationAccuracy: new MeanCurve(),
  };
  private readonly watched: readonly Watched[];
  private readonly ratios: Samples<readonly number[]>;
  private copiedAt = -1;
  /** The first rows that the model was trained on. */
  private rows: Tensor | null = null;
  private readonly histories = { activations: new Histories(), gradients: new Histories(), weights: new Histories() };
  private readonly idle = new Map<string, { kind: 'dead' | 'saturated'; units: number; x: number[]; y: number[] }>();
  private picturesBefore: WeightPictures | null = null;
  private unwatch: () => void = () => {};
  private readonly notes: string[] = [];

  constructor(run: FitRun) {
    this.run = run;
    this.settings = settingsOf(run.optimizer);
    this.ratios = new Samples(run.batches === null ? null : run.epochs * run.batches);
    const weights = run.model.namedParameters().filter(([, parameter]) => parameter.ndim >= 2);
    const all = weights.length > 0 ? weights : run.model.namedParameters();
    this.watched = thinned(all, LAYERS).map(([name, weight]) => ({
      name,
      weight,
      before: noGrad(() => clone(weight.detach())),
    }));
  }

  start(): void {
    this.timed(() => {
      this.copiedAt = 0;
      this.unwatch = onNextCall(this.run.model, (x) => this.firstCall(x));
    });
  }

  /** Before the first step, with the rows that it is going to take. */
  private firstCall(x: Tensor): void {
    this.timed(() =>
      this.attempt('the layers', () => {
        this.rows = firstRows(x, ROWS);
        this.picturesBefore = weightPictures(this.run.model, this.rows.shape);
        this.lookAtLayers();
      }),
    );
  }

  batch(record: BatchRecord): void {
    this.timed(() => {
      this.steps++;
      if (this.steps === 1) this.firstEpoch = record.epoch;
      if (record.batch > this.stepsInEpoch) this.stepsInEpoch = record.batch;
      this.curves.loss.add(this.steps, record.batchLoss);
      this.curves.lr.add(this.steps, record.lr);
      this.measureRatio();
      if (!isLandmark(this.steps)) return;
      this.lookAtGradients();
      if (this.steps > 1) this.attempt('the layers', () => this.lookAtLayers());
    });
  }

  epoch(record: EpochRecord): void {
    this.last = record;
    const { epoch, trainLoss, validationLoss, trainAccuracy, validationAccuracy } = record;
    for (const [name, value] of Object.entries({ trainLoss, validationLoss, trainAccuracy, validationAccuracy })) {
      if (value !== null) this.curves[name as keyof typeof this.curves].add(epoch, value);
    }
  }

  /** What was seen, with a last look at the model and the data. */
  async stop(): Promise<RunRecord> {
    this.unwatch();
    const seconds = (performance.now() - this.began) / 1000;
    if (this.steps > 0 && !isLandmark(this.steps)) {
      this.lookAtGradients();
      this.attempt('the layers', () => this.lookAtLayers());
    }
    const limit = Math.max(LAST_LOOK.seconds, LAST_LOOK.share * seconds);
    const seen = this.steps === 0 ? null : await this.attempted('the rows', () => evaluation(this.run, limit));
    const drawing = this.steps === 0 ? null : await this.attempted('the graph', () => lossGraph(this.run));
    return this.recordOf(seconds, seen, drawing);
  }

  private recordOf(seconds: number, seen: Evaluation | null, drawing: Graph | null): RunRecord {
    const { model, loss, optimizer, epochs } = this.run;
    const after = this.rows === null ? null : weightPictures(model, this.rows.shape);
    return {
      model: lineOf(model),
      modules: String(model),
      parameters: model.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0),
      loss: typeof loss === 'function' ? loss.name || 'a function' : String(loss),
      optimizer: optimizer.constructor.name,
      settings: this.settings,
      epochs,
      steps: this.steps,
      seconds,
      watching: this.watching / 1000,
      last: this.last,
      curves: {
        loss: this.inEpochs(this.curves.loss.get()),
        lr: this.inEpochs(this.curves.lr.get()),
        trainLoss: this.curves.trainLoss.get(),
        validationLoss: this.curves.validationLoss.get(),
        trainAccuracy: this.curves.trainAccuracy.get(),
        validationAccuracy: this.curves.validationAccuracy.get(),
      },
      ratios: this.ratioCurves(),
      activations: this.histories.activations.get(),
      gradients: this.histories.gradients.get(),
      weights: this.histories.weights.get(),
      idle: this.idleUnits(),
      pictures: this.picturesBefore && { before: this.picturesBefore, after },
      evaluation: seen,
      graph: drawing,
      light: false,
      notes: this.notes,
    };
  }

  // The ratio of update to weight

  /** Of the step just made, if a copy was taken before it; and a copy for the next, if that is wanted. */
  private measureRatio(): void {
    noGrad(() => {
      if (this.copiedAt === this.steps - 1) {
        const ratios = this.watched.map(
          ({ weight, before }) => norm(sub(weight.detach(), before)).item() / norm(before).item(),
        );
        this.ratios.add(this.steps, ratios);
      }
      if (!this.ratios.wants(this.steps + 1)) return;
      for (const { weight, before } of this.watched) copy_(before, weight.detach());
      this.copiedAt = this.steps;
    });
  }

  private ratioCurves(): NamedCurve[] {
    const samples = this.ratios.get();
    return this.watched.map(({ name, weight }, i) => ({
      name: `${name} [${weight.shape.join(', ')}]`,
      points: this.inEpochs({
        x: samples.map(({ step }) => step),
        y: samples.map(({ value }) => value[i]!),
      }),
    }));
  }

  // Distributions

  private lookAtGradients(): void {
    for (const { name, weight } of this.watched) {
      if (weight.grad !== null) this.histories.gradients.add(name, this.steps, weight.grad);
    }
  }

  private lookAtLayers(): void {
    for (const { name, weight } of this.watched) this.histories.weights.add(name, this.steps, weight);
    if (this.rows === null) return;
    const rows = this.rows;
    const layers = undrawn(() => layerOutputs(this.run.model, rows));
    for (const { name, outputs } of thinned(layers, LAYERS)) {
      this.histories.activations.add(name, this.steps, outputs);
    }
    for (const { name, idle } of layers) {
      if (idle === null) continue;
      const { kind, units, share } = idle;
      const known = this.idle.get(name) ?? { kind, units, x: [], y: [] };
      this.idle.set(name, known);
      known.x.push(this.steps);
      known.y.push(share);
    }
  }

  private idleUnits(): IdleUnits[] {
    return [...this.idle].map(([name, { kind, units, x, y }]) => ({
      name,
      kind,
      units,
      points: this.inEpochs({ x, y }),
    }));
  }

  // Helpers

  /** From steps to epochs. */
  private inEpochs({ x, y }: Points): Points {
    const perEpoch = this.run.batches ?? Math.max(1, this.stepsInEpoch);
    return { x: x.map((step) => this.firstEpoch - 1 + step / perEpoch), y };
  }

  private timed(body: () => void): void {
    const began = performance.now();
    body();
    this.watching += performance.now() - began;
  }

  /** What can't be seen is noted: it must not end the training. */
  private attempt(what: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.note(what, error);
    }
  }

  private async attempted<T>(what: string, body: () => T | Promise<T>): Promise<T | null> {
    try {
      return await body();
    } catch (error) {
      this.note(what, error);
      return null;
    }
  }

  private note(what: string, error: unknown): void {
    const note = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    if (!this.notes.includes(note)) this.notes.push(note);
  }
}

function settingsOf({ paramGroups }: FitOptimizer): Record<string, string> {
  const settings = Object.entries(paramGroups[0] ?? {}).filter(
    ([name, value]) => name !== 'params' && name !== 'initialLr' && value != null,
  );
  return Object.fromEntries(settings.map(([name, value]) => [name, String(value)]));
}
