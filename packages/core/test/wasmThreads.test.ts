import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type * as Threads from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { full, Generator, rand, randn, type Tensor, zeros } from '../src/index.ts';
import { load } from '../src/kernels/wasm/instance.ts';
import { bmm } from '../src/kernels/wasm/matmul.ts';
import { multiply, Pace } from '../src/kernels/wasm/threads.ts';
import { Team } from '../src/kernels/wasm/workers.ts';

const generator = new Generator(7);
const most = 4;

function alone(a: Tensor, b: Tensor): Float64Array {
  const y = rand([a.shape[0]!, b.shape[1]!], { generator }).ndarray;
  bmm([y], [a.ndarray, b.ndarray], undefined);
  return y.data;
}

const sameBits = (x: Float64Array, y: Float64Array) =>
  x.length === y.length && x.every((value, i) => Object.is(value, y[i]));

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 20_000);

describe('threads', () => {
  const teams: Team[] = [];

  beforeAll(async () => {
    load();
    for (let threads = 1; threads <= most; threads++) teams.push(new Team(threads, () => {}));
    await until(() => teams.every((team, i) => team.ready === i));
  });

  afterAll(() => teams.forEach((team) => team.end()));

  it('of any number compute the same bits', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 250 }));
    const depth = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(256, 300));
    fc.assert(
      fc.property(size, depth, size, fc.boolean(), fc.boolean(), (n, k, m, isTransposedA, isTransposedB) => {
        const a = isTransposedA ? randn([k, n], { generator }).t() : randn([n, k], { generator });
        const b = isTransposedB ? randn([m, k], { generator }).t() : randn([k, m], { generator });
        const expected = alone(a, b);
        teams.forEach((team, i) => {
          const y = full([n, m], 0.5);
          expect(multiply(team, i + 1, y.ndarray, a.ndarray, b.ndarray)).toBe(true);
          expect(sameBits(y.toArray(), expected)).toBe(true);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('take operands from the middle of others, and write nothing beside the result', () => {
    const a = randn([90, 70], { generator }).narrow(0, 20, 50).narrow(1, 3, 60);
    const b = randn([60, 200], { generator }).narrow(1, 50, 101);
    const expected = alone(a, b);
    for (const room of [full([52, 101], 0.5), full([52, 103], 0.5), full([103, 52], 0.5).t()]) {
      const y = room.narrow(0, 1, 50).narrow(1, 0, 101);
      expect(multiply(teams[2]!, 3, y.ndarray, a.ndarray, b.ndarray)).toBe(true);
      expect(sameBits(y.toArray(), expected)).toBe(true);
      expect(room.toArray().filter((value) => value === 0.5)).toHaveLength(room.numel() - 50 * 101);
    }
  });

  it('compute many products one after the other', () => {
    const [a, b, y] = [randn([60, 50], { generator }), randn([50, 120], { generator }), zeros([60, 120])];
    const expected = alone(a, b);
    for (let i = 0; i < 2000; i++) {
      expect(multiply(teams[1 + (i % 3)]!, 2 + (i % 3), y.ndarray, a.ndarray, b.ndarray)).toBe(true);
      if (i % 50 === 0) expect(sameBits(y.toArray(), expected)).toBe(true);
      y.zero_();
    }
  });

  it('leave alone what does not fit into their memory', () => {
    const a = randn([1, 1], { generator }).expand([2 ** 14, 1]);
    const y = randn([1], { generator }).expand([2 ** 14, 2 ** 14]);
    expect(multiply(teams[1]!, 2, y.ndarray, a.ndarray, a.t().ndarray)).toBe(false);
  });
});

describe('the pace', () => {
  /** How many of 640 products are computed together, where they take so long. */
  function together(pace: Pace, times: { together: number; alone: number }): number {
    let count = 0;
    for (let i = 0; i < 640; i++) {
      const isTogether = pace.isTogether();
      if (isTogether) count++;
      pace.note(isTogether, isTogether ? times.together : times.alone);
    }
    return count;
  }

  it('is that of the faster way, but for one product in 64', () => {
    expect(together(new Pace(), { together: 1, alone: 2 })).toBe(640 - 2 - 10);
    expect(together(new Pace(), { together: 2, alone: 1 })).toBe(6 + 10);
  });

  it('follows when the other way becomes the faster one', () => {
    const pace = new Pace();
    together(pace, { together: 2, alone: 1 });
    together(pace, { together: 0.5, alone: 1 });
    expect(together(pace, { together: 0.5, alone: 1 })).toBe(630);
    together(pace, { together: 3, alone: 1 });
    expect(together(pace, { together: 3, alone: 1 })).toBe(10);
  });
});

describe('where a worker fails', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  type Options = Threads.WorkerOptions & { workerData: { at: number; memory: { buffer: SharedArrayBuffer } } };

  /** The package with two threads, whose worker does something else. */
  async function importedWith(code: string) {
    const threads = process.getBuiltinModule('node:worker_threads');
    const workers: Threads.Worker[] = [];
    class Other extends threads.Worker {
      constructor(_: string, options: Options) {
        super(`const { at, memory } = require('node:worker_threads').workerData;\n${code}`, options);
        workers.push(this);
      }
    }
    const builtin = process.getBuiltinModule;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === 'node:worker_threads' ? { ...threads, Worker: Other } : builtin(name)) as never);
    vi.stubEnv('NDGRAD_BACKEND', 'wasm');
    vi.stubEnv('NDGRAD_THREADS', '2');
    vi.resetModules();
    const nd = await import('../src/index.ts');
    const [x, ones] = [nd.ones([400, 400]), nd.ones([400, 1])];
    /** Enough products that workers are wanted, and are used once they are there. */
    const work = () => {
      for (let i = 0; i < 12; i++) expect(nd.matmul(x, x).matmul(ones).sum().item()).toBe(400 ** 3);
    };
    return { nd, workers, work };
  }

  const ready = 'const state = new Int32Array(memory.buffer, at, 4); Atomics.add(state, 3, 1);';

  it.each([
    ['ends with an error', 'throw new Error("no luck")', 'no luck'],
    ['ends', '', 'a worker ended'],
    ['ends before its turn', ready, 'a worker ended'],
  ])('because it %s, one thread goes on, and the reason says so', async (_, code, why) => {
    const { nd, work } = await importedWith(code);
    work();
    await until(() => nd.backend().reason === `NDGRAD_BACKEND asks for it; one thread: ${why}`);
    work();
  });

  it('because it does not answer, the product is computed alone, and workers are ended', async () => {
    const { nd, work, workers } = await importedWith(
      `${ready} Atomics.add(state, 2, 1); Atomics.wait(state, 0, -1); setInterval(() => {}, 1000);`,
    );
    work();
    await until(() => workers.length === 1);
    const ended = new Promise((resolve) => workers[0]!.on('exit', resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    work();
    const reason = 'NDGRAD_BACKEND asks for it; one thread: a worker does not answer';
    expect(nd.backend().reason).toBe(reason);
    await ended;
    work();
    expect(nd.backend().reason).toBe(reason);
  });

  it('because there are none, one thread computes', async () => {
    const { nd, work } = await importedWith('');
    const builtin = process.getBuiltinModule;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) => {
      if (name === 'node:worker_threads') throw new Error('workers are not allowed');
      return builtin(name);
    }) as never);
    work();
    expect(nd.backend().reason).toBe('NDGRAD_BACKEND asks for it; one thread: workers are not allowed');
  });
});

describe('a process', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));

  function run(code: string, NDGRAD_THREADS: string): Promise<{ exitCode: number | null; output: string }> {
    const env = { ...process.env, NDGRAD_BACKEND: 'wasm', NDGRAD_THREADS };
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { cwd: root, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, output })));
  }

  const products = `
    const { default: threads } = await import('node:worker_threads');
    const nd = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)});
    const x = nd.rand([300, 300], { generator: new nd.Generator(1) });
    let y;
    for (const end = performance.now() + 400; performance.now() < end; ) y = nd.matmul(x, x);
    const bits = [...new BigUint64Array(y.toArray().buffer)].reduce((sum, bits) => (sum * 31n + bits) & 0xffffffffffffn, 0n);
  `;

  it('ends by itself, says nothing, and computes the same bits with any number of threads', async () => {
    const runs = await Promise.all(
      ['1', '2', '3'].map((threads) => run(`${products} console.log(String(bits));`, threads)),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs[0]!.output).toMatch(/^\d+\n$/);
    expect(new Set(runs.map(({ output }) => output)).size).toBe(1);
  });

  it('may use them in a worker of its own, and end it', async () => {
    const inWorker = JSON.stringify(`(async () => {
      (await import('tsx/esm/api')).register();
      ${products}
      const { backend } = nd;
      threads.parentPort.postMessage(backend().reason + ' ' + (y.shape.join() === '300,300'));
    })()`);
    const code = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${inWorker}, { eval: true });
      worker.on('message', async (message) => {
        console.log(message);
        await worker.terminate();
        console.log('ended');
      });
    `;
    expect(await run(code, '2')).toEqual({ exitCode: 0, output: 'NDGRAD_BACKEND asks for it true\nended\n' });
  });
});
