import { readFileSync } from 'node:fs';
import { Tensor, tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import type { LearningRate, LRScheduler, Optimizer, ParamGroup } from '../src/index.ts';
import * as optim from '../src/index.ts';
import { camelCase, renamed } from '../src/names.ts';

// PyTorch's recorded runs, from conformance/data/pytorch/optim; FORMAT.md beside them tells what they hold.

export interface Stored {
  shape: number[];
  data: (number | string)[];
}

interface Trajectory {
  id: string;
  options: Record<string, unknown>;
  groups: { params: number[]; options: Record<string, unknown> }[];
  start: Stored[];
  gradients: (Stored | null)[][];
  after: Stored[][];
  stateAfter: (Record<string, Stored | number | null> | null)[];
}

interface Schedule {
  scheduler: string;
  args: unknown[];
  argNames: string[];
  options: Record<string, unknown>;
}

interface ScheduleRun extends Schedule {
  id: string;
  optimizer: { name: string; groupLrs: number[]; options: Record<string, unknown> };
  metrics?: number[];
  lrs: number[][];
  momenta?: number[];
}

type Class<T> = new (...args: unknown[]) => T;

/** The cases of a file. */
export function recordsOf<T>(name: string): T[] {
  const file = new URL(`../../../conformance/data/pytorch/optim/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).cases;
}

/** A number as the files store it: strings for those that are not finite. */
export const numberOf = (value: unknown): number => Number(value);

export function tensorOf({ shape, data }: Stored): Tensor {
  return tensor(data.map(numberOf), { shape });
}

export function parameterOf(stored: Stored): Tensor {
  return tensorOf(stored).requiresGrad_();
}

/** Equal within `tolerance`, relative to numbers greater than 1. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!Object.is(actual[i], expected[i]) && !(distance <= tolerance)) {
      expect.fail(`${what}[${i}]: ${actual[i]}, expected ${expected[i]}`);
    }
  }
}

/** Replays an optimizer's runs: every parameter after every step, and the state at the end, to 1e-12. */
export function replaysTrajectories(name: string): void {
  it.each(recordsOf<Trajectory>(name))('moves as in PyTorch over 12 steps: $id $options', (run) => {
    const params = run.start.map(parameterOf);
    const groups = run.groups.map((group) => ({
      ...renamed(group.options, camelCase),
      params: group.params.map((i) => params[i]!),
    }));
    const optimizer = make<Optimizer>(name, groups, renamed(run.options, camelCase));
    run.gradients.forEach((gradients, step) => {
      params.forEach((w, i) => {
        w.grad = gradients[i] ? tensorOf(gradients[i]) : null;
      });
      optimizer.step();
      params.forEach((w, i) => {
        expectClose(w.toArray(), run.after[step]![i]!.data.map(numberOf), 1e-12, `step ${step}, parameter ${i}`);
      });
    });
    const { state } = optimizer.stateDict();
    run.stateAfter.forEach((expected, i) => {
      expect(Object.keys(state[i] ?? {}).sort(), `state of parameter ${i}`).toEqual(Object.keys(expected ?? {}).sort());
      for (const [key, value] of Object.entries(expected ?? {})) {
        expectClose(valuesOf(state[i]![key]), valuesOf(value), 1e-12, `state of parameter ${i}: ${key}`);
      }
    });
  });
}

function valuesOf(value: unknown): number[] {
  if (value === null || value === undefined) return [];
  if (value instanceof Tensor) return [...value.toArray()];
  return typeof value === 'number' ? [value] : (value as Stored).data.map(numberOf);
}

/** Replays a schedule's runs: the rates of all groups, and the momentum, over 40 steps, to 1e-12. */
export function replaysSchedules(name: string): void {
  it.each(recordsOf<ScheduleRun>(`lr_${name}`))('sets the rates of PyTorch over 40 steps: $id $options', (run) => {
    const { groupLrs, options } = run.optimizer;
    const groups = groupLrs.map((lr) => ({ params: [tensor([0], { requiresGrad: true })], lr }));
    const optimizer = make<Optimizer>(run.optimizer.name, groups, { lr: groupLrs[0], ...renamed(options, camelCase) });
    const schedule = makeSchedule(optimizer, run);
    run.lrs.forEach((expected, epoch) => {
      const lrs = optimizer.paramGroups.map((group) => group.lr);
      expectClose(lrs, expected.map(numberOf), 1e-12, `rates after ${epoch} steps`);
      expect(schedule.getLastLr()).toEqual(lrs);
      if (run.momenta) expectClose([momentumOf(optimizer.paramGroups[0]!)], [run.momenta[epoch]!], 1e-12, 'momentum');
      optimizer.step();
      if (epoch < run.lrs.length - 1) schedule.step(run.metrics && numberOf(run.metrics[epoch]));
    });
  });
}

export function momentumOf(group: ParamGroup<LearningRate>): number {
  const { momentum, betas } = group as { momentum?: number; betas?: [number, number] };
  return momentum ?? betas![0];
}

const lambdas: Record<string, (epoch: number) => number> = {
  decay95: (e) => 0.95 ** e,
  inverse: (e) => 1 / (1 + e),
  half_every_10: (e) => 0.5 ** Math.floor(e / 10),
  linear_to_zero_50: (e) => Math.max(0, 1 - e / 50),
  const09: () => 0.9,
};

function makeSchedule(optimizer: Optimizer, { scheduler, args, argNames, options }: Schedule): LRScheduler {
  const decode = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== 'object' || value === null) return value;
    return 'lambda' in value ? lambdas[value.lambda as string] : makeSchedule(optimizer, value as Schedule);
  };
  const all = { ...Object.fromEntries(args.map((value, i) => [argNames[i]!, value])), ...options };
  return make(
    scheduler,
    optimizer,
    renamed(Object.fromEntries(Object.entries(all).map(([k, v]) => [k, decode(v)])), camelCase),
  );
}

function make<T>(name: string, ...args: unknown[]): T {
  return new (optim as unknown as Record<string, Class<T>>)[name]!(...args);
}

/** A parameter with a gradient. */
export function parameter(w: number[], g?: number[]): Tensor {
  const x = tensor(w, { requiresGrad: true });
  if (g) x.grad = tensor(g);
  return x;
}
