import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forEach, repository, run, Workshop } from './published/workshop.ts';

const packages = ['core', 'data', 'io', 'nn', 'onnx', 'optim', 'train', 'viz', 'ndgrad'];
const nodeVersions = [20, 22, 24];
const modules = [
  '@ndgrad/core',
  '@ndgrad/data',
  '@ndgrad/io',
  '@ndgrad/nn',
  '@ndgrad/onnx',
  '@ndgrad/optim',
  '@ndgrad/train',
  '@ndgrad/train/progress',
  '@ndgrad/train/text',
  '@ndgrad/viz',
  '@ndgrad/viz/graph',
  '@ndgrad/viz/summary',
  'ndgrad',
  'ndgrad/command',
];

/** What the spiral of the README comes to, from step to step. */
const losses = ['1.1004', '0.2350', '0.1505'];
/** What `train.mjs` prints beside the provider. */
const result = {
  losses,
  accuracy: '0.97',
  digits: 1797,
  weights: [100, 2],
  onnx: true,
  summary: 603,
  svg: true,
};

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
}, 300_000);
afterAll(() => workshop.close());

const installed = (...words: string[]) => run(process.execPath, words, { cwd: workshop.home });
const bin = (name: string) => join(repository, 'node_modules', '.bin', name);

describe('a package as it is published', { timeout: 240_000 }, () => {
  it('holds what was built, its licence and its README, and no sources', async () => {
    const tarballs = await workshop.tarballs();
    expect(tarballs).toHaveLength(packages.length);
    for (const tarball of tarballs) {
      const files = (await run('tar', ['-tzf', tarball])).trim().split('\n');
      expect(files).toEqual(
        expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/dist/index.d.ts']),
      );
      const others = files.filter((file) => !/^package\/(dist|data)\/.*\.(js|d\.ts|csv|md)$/.test(file));
      expect(others.sort()).toEqual(['package/LICENSE', 'package/README.md', 'package/package.json']);
    }
  });

  it('is accepted by publint', async () => {
    for (const tarball of await workshop.tarballs()) {
      const { buffer } = new Uint8Array(await readFile(tarball));
      const { messages } = await publint({ pack: { tarball: buffer } });
      expect(messages, tarball).toEqual([]);
    }
  });

  it('has types that are right however they are looked up', async () => {
    await forEach(await workshop.tarballs(), (tarball) => run(bin('attw'), ['--profile', 'esm-only', tarball]));
  });

  it('exports what its source does, under the same names', async () => {
    const published = JSON.parse(await installed('names.mjs', ...modules));
    const sources = JSON.parse(
      await run(process.execPath, [
        '--import',
        join(repository, 'scripts/dev.mjs'),
        join(repository, 'packages/ndgrad/test/published/names.mjs'),
        ...modules,
      ]),
    );
    expect(published).toEqual(sources);
    expect(published['@ndgrad/nn'].Linear).toBe('function Linear');
  });
});

describe('an installation', { timeout: 240_000 }, () => {
  const trained = async (node: string, provider: string) =>
    JSON.parse(await run(node, ['train.mjs'], { cwd: workshop.home, env: { NDGRAD_BACKEND: provider } }));

  it.each(nodeVersions)('trains, reads, writes and draws on Node %i', async (version) => {
    const node = await workshop.node(version);
    expect(await run(node, ['--version'])).toMatch(`v${version}.`);
    expect(await trained(node, 'wasm')).toEqual({ provider: 'wasm', ...result });
  });

  it('has the loops of ndarray-ops inside', async () => {
    expect(await trained(process.execPath, 'reference')).toEqual({ provider: 'reference', ...result });
  });

  it('has the command', async () => {
    expect(await run('npx', ['--no-install', 'ndgrad', '--help'], { cwd: workshop.home })).toMatch('Usage: ndgrad');
  });

  it("runs and type-checks the READMEs' examples", async () => {
    for (const name of packages.filter((name) => name !== 'ndgrad')) {
      const readme = await readFile(join(workshop.home, 'node_modules/@ndgrad', name, 'README.md'), 'utf8');
      const example = /```ts\n(.*?)```/s.exec(readme)![1]!;
      await writeFile(join(workshop.home, `${name}.ts`), example);
      await writeFile(join(workshop.home, `${name}.mjs`), example);
      expect(example).toMatch(`'@ndgrad/${name}'`);
      await installed(`${name}.mjs`);
    }
    for (const [moduleResolution, module] of [
      ['nodenext', 'nodenext'],
      ['bundler', 'esnext'],
    ]) {
      const lib = ['es2023', 'dom'];
      const compilerOptions = {
        target: 'es2022',
        lib,
        module,
        moduleResolution,
        types: [],
        strict: true,
        noEmit: true,
      };
      const config = { compilerOptions: { ...compilerOptions, skipLibCheck: false, allowJs: true, checkJs: true } };
      const files = [...packages.filter((name) => name !== 'ndgrad').map((name) => `${name}.ts`), 'train.mjs'];
      await writeFile(join(workshop.home, 'tsconfig.json'), JSON.stringify({ ...config, files }));
      await run(bin('tsc'), ['-p', workshop.home]);
    }
  });

  it('can be bundled for a browser, and trains with what browsers have', async () => {
    const bundled = await rolldown({
      input: join(workshop.home, 'browser.mjs'),
      platform: 'browser',
      transform: { define: { 'import.meta': '{}' } },
      onLog: (_, { message }) => {
        throw new Error(message);
      },
    });
    const { output } = await bundled.generate({ format: 'iife' });
    await bundled.close();
    expect(output).toHaveLength(1);
    const context = createContext({ atob, TextEncoder, TextDecoder });
    runInContext(output[0].code, context);
    expect(JSON.parse(runInContext('JSON.stringify(result)', context))).toEqual({
      provider: 'wasm',
      losses: losses.slice(0, 2),
      weights: [100, 2],
      arrays: [300, 2],
    });
  });
});
