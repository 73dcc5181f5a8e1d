import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type * as Threads from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../src/kernels/wasm/threads.ts';

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 20_000);

describe('the pace', () => {
  /** How many of 640 products are computed together, where they take so long. */
  function countTogether(pace: Pace, times: { together: number; alone: number }): number {
    let count = 0;
    for (let i = 0; i < 640; i++) {
      const isTogether = pace.isTogether();
      if (isTogether) count++;
      pace.note(isTogether, isTogether ? times.together : times.alone);
    }
    return count;
  }

  it('is that of the faster way, but for one product in 64', () => {
    expect(countTogether(new Pace(), { together: 1, alone: 2 })).toBe(640 - 5 - 10);
    expect(countTogether(new Pace(), { together: 2, alone: 1 })).toBe(5 + 10);
  });

  it('follows when the other way becomes the faster one', () => {
    const pace = new Pace();
    countTogether(pace, { together: 2, alone: 1 });
    countTogether(pace, { together: 0.5, alone: 1 });
    expect(countTogether(pace, { together: 0.5, alone: 1 })).toBe(630);
    countTogether(pace, { together: 3, alone: 1 });
    expect(countTogether(pace, { together: 3, alone: 1 })).toBe(10);
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
      for (let i = 0; i < 60; i++) expect(nd.matmul(x, x).matmul(ones).sum().item()).toBe(400 ** 3);
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
