import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** How a contender's process is started. */
export interface Program {
  /** Which of several ways it is. */
  name?: string;
  command: string;
  args: string[];
  env: Record<string, string>;
}

export interface ContenderSpec {
  name: string;
  label: string;
  precision: 'float64' | 'float32';
  /** The ways to run it; the fastest counts. Empty where it is missing. */
  programs: Program[];
  /** Why it is missing. */
  missing?: string;
}

/** Relative: how far the results of the first steps may lie from the expected ones. */
export const tolerance = { float64: 1e-9, float32: 1e-4 } as const;

/** All contenders; `child` is the program that `build` made. */
export function contenders(child: string): ContenderSpec[] {
  const inNode = (module: string, variant: string, env = {}): Program => ({
    command: process.execPath,
    args: [child, module, variant],
    env,
  });
  const ndgrad = ['blas', 'wasm', 'reference'].map(
    (provider): ContenderSpec => ({
      name: `ndgrad-${provider}`,
      label: `ndgrad, ${provider}`,
      precision: 'float64',
      programs: (provider === 'reference' ? [1] : threadCounts()).map((threads) => ({
        name: formatThreads(threads),
        ...inNode('ndgrad', provider, { NDGRAD_BACKEND: provider, NDGRAD_THREADS: `${threads}` }),
      })),
    }),
  );
  const python = pythonWithTorch();
  const torch = (['float64', 'float32'] as const).map(
    (precision): ContenderSpec => ({
      name: `torch-${precision}`,
      label: `PyTorch, ${precision}`,
      precision,
      programs: python === null ? [] : threadCounts().map((threads) => torchProgram(python, precision, threads)),
      missing: 'no Python with torch was found (PYTHON=/path/to/python3 says where)',
    }),
  );
  const peer = (name: string, label: string, precision: ContenderSpec['precision'], program: Program) => ({
    name,
    label,
    precision,
    programs: [program],
  });
  return [
    ...ndgrad,
    ...torch,
    peer('jax', 'jax-js, wasm, float32', 'float32', inNode('jax', 'wasm')),
    peer('tfjs-wasm', 'TensorFlow.js, wasm, float32', 'float32', inNode('tfjs', 'wasm')),
    peer('tfjs-cpu', 'TensorFlow.js, cpu, float32', 'float32', inNode('tfjs', 'cpu')),
    peer('convnetjs', 'ConvNetJS, float64', 'float64', inNode('convnetjs', '')),
  ];
}

/** Those whose name is `wanted` or begins with it: `torch` means both precisions. @throws for a name that fits none */
export function choose<T extends { name: string }>(all: readonly T[], wanted: readonly string[] | null): T[] {
  if (wanted === null) return [...all];
  const fits = (name: string, word: string) => name === word || name.startsWith(`${word}-`);
  for (const word of wanted) {
    if (all.some(({ name }) => fits(name, word))) continue;
    throw new Error(`there is no "${word}"; there are: ${all.map(({ name }) => name).join(', ')}`);
  }
  return all.filter(({ name }) => wanted.some((word) => fits(name, word)));
}

/** Those that have threads are run on one and on as many as ndgrad would take. */
const threadCounts = () => [...new Set([1, Math.min(availableParallelism(), 8)])];

const formatThreads = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`);

const torchProgram = (command: string, precision: string, threads: number): Program => ({
  name: formatThreads(threads),
  command,
  args: [fileURLToPath(new URL('contenders/pytorch.py', import.meta.url)), precision, `${threads}`],
  env: { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}`, MKL_NUM_THREADS: `${threads}` },
});

function pythonWithTorch(): string | null {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'];
  const works = (command: string) => spawnSync(command, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
  return candidates.find((command): command is string => command !== undefined && works(command)) ?? null;
}
