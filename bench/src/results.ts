import type { Estimate, Summary } from './statistics.ts';

/** One contender at one task: its time, or why there is none. */
export interface Row {
  name: string;
  label: string;
  version?: string;
  /** Which of several ways to run it was the fastest. */
  way?: string;
  /** Microseconds per step, or per product. */
  micros?: Summary;
  /** How many samples that is made of. */
  samples?: number;
  /** How many times as fast as the base. */
  ratio?: Summary;
  /** Why there is no time. */
  note?: string;
}

export interface Comparison {
  task: string;
  title: string;
  /** The contender that the ratios are relative to. */
  base: string;
  rows: Row[];
}

export interface StartUp {
  name: string;
  label: string;
  /** The import alone, in milliseconds. */
  importing?: Summary;
  /** From the start of the process to the loss of the first step of `spiral`, in milliseconds. */
  firstStep?: Summary;
  note?: string;
}

export interface Growth {
  contender: string;
  quantity: string;
  title: string;
  points: { size: number; micros: Summary }[];
  /** e in time ≈ c · sizeᵉ. */
  exponent: Estimate;
}

export interface MemoryUse {
  task: string;
  name: string;
  label: string;
  steps?: number;
  /** In bytes. */
  start?: number;
  end?: number;
  peak?: number;
  /** Growth of the memory in bytes per step, after the first fifth of the steps. */
  slope?: Estimate;
  flat?: boolean;
  note?: string;
}

export interface Machine {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  system: string;
  node: string;
  /** Processes that wanted to run, on average over a minute, before and after. */
  load: [number, number];
}

/** What a run of the benchmark writes. */
export interface Results {
  date: string;
  machine: Machine;
  secondsEach: number;
  versions: Record<string, string>;
  workloads: Comparison[];
  products: Comparison[];
  startUp: StartUp[];
  growth: Growth[];
  memory: MemoryUse[];
}
