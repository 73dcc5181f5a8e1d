import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digits } from '@ndgrad/data';
import { loadNpz } from '@ndgrad/io';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Paper } from '../../train/test/helpers.ts';
import { main } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-main-'));
const file = (name: string) => join(folder, name);
const project = fileURLToPath(new URL('fixtures/digitsProject.ts', import.meta.url));

/** What `ndgrad …` writes, and its exit code. */
async function ndgrad(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new Paper(), new Paper()];
  const code = await main(argv, { stdout, stderr });
  return { code, out: stdout.text, err: stderr.text };
}

/** The first digits as a CSV file of pixels 0 … 16, and their labels. */
function someDigits(count: number): { path: string; labels: number[] } {
  const [x, y] = digits().batch(Array.from({ length: count }, (_, i) => i));
  const rows = (x.reshape([count, 64]).mul(16).tolist() as number[][]).map((row) => row.join(','));
  writeFileSync(file('digits.csv'), `${rows.join('\n')}\n`);
  return { path: file('digits.csv'), labels: [...y.toArray()] };
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('the command ndgrad', () => {
  let trained: Awaited<ReturnType<typeof ndgrad>>;

  beforeAll(async () => {
    trained = await ndgrad('train', project, '--save', file('w.safetensors'), '--target', 'val_acc>=0.8', '--json');
  });

  it('trains a project to its target, and prints JSON', () => {
    expect(trained.code).toBe(0);
    const result = JSON.parse(trained.out);
    expect(result).toMatchObject({ project, reached: true, code: 0 });
    expect(result.val_acc).toBeGreaterThan(0.8);
    expect(result.train_loss).toBeLessThan(1);
  });

  it('gives 1 where a target is missed, and says by how much', async () => {
    const { code, err } = await ndgrad('train', project, '--epochs', '1', '--target=val_acc>=0.9999', '--quiet');
    expect(code).toBe(1);
    expect(err).toMatch(/val_acc must be at least 0.9999, got 0\.\d+/);
  });

  it('measures saved weights as training did', async () => {
    const { code, out } = await ndgrad('eval', project, '--weights', file('w.safetensors'), '--json');
    const result = JSON.parse(trained.out);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      project,
      rows: 'validation',
      loss: expect.closeTo(result.val_loss, 12),
      accuracy: result.val_acc,
      reached: true,
    });
    const missed = await ndgrad('eval', project, '--target', 'val_acc>=0.999');
    expect(missed.code).toBe(1);
    expect(missed.err).toMatch(/^eval: val_acc>=0.999 is not reached: 0\.\d+\n$/);
  });

  it('shows which class was taken for which', async () => {
    const { out } = await ndgrad('eval', project, '--weights', file('w.safetensors'));
    const rows = out.split('\n').filter((line) => /^(zero|nine) /.test(line));
    for (const row of rows) {
      const counts = row.trim().split(/\s+/).slice(1).map(Number);
      expect(counts.reduce((a, b) => a + b, 0)).toBeGreaterThan(30);
    }
    expect(rows).toHaveLength(2);
  });

  it('predicts from a CSV file, as a table and as lines of JSON', async () => {
    const { path, labels } = someDigits(20);
    const { out } = await ndgrad('predict', project, path, '--weights', file('w.safetensors'), '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
    const right = lines.filter((line, i) => line.class === names[labels[i]!]).length;
    expect(right).toBeGreaterThanOrEqual(15);
    for (const { probabilities, probability } of lines) {
      const values = Object.values(probabilities as Record<string, number>);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      expect(Math.max(...values)).toBe(probability);
    }
    const shown = await ndgrad('predict', project, path, '--weights', file('w.safetensors'));
    expect(shown.out.split('\n')[2]).toMatch(new RegExp(`^ +0 +${lines[0].class} `));
  });

  it('predicts from a PNG', async () => {
    const picture = new PNG({ width: 8, height: 8 });
    const [x, y] = digits().batch([0]);
    x.toArray().forEach((value, p) => void picture.data.set([value * 16, value * 16, value * 16, 255], 4 * p));
    writeFileSync(file('digit.png'), PNG.sync.write(picture));
    const { out } = await ndgrad('predict', project, file('digit.png'), '--weights', file('w.safetensors'), '--json');
    expect([JSON.parse(out).class, y.item()]).toEqual(['zero', 0]);
  });

  it('shows what a file holds, and draws its first layer', async () => {
    const { out } = await ndgrad('inspect', file('w.safetensors'), '--json', '--picture', file('tiles.png'));
    const { tensors, metadata } = JSON.parse(out);
    expect(tensors.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual([
      ['1.bias', [16]],
      ['1.weight', [16, 64]],
      ['3.bias', [10]],
      ['3.weight', [10, 16]],
    ]);
    expect(metadata).toEqual({ format: 'pt' });
    const tiles = PNG.sync.read(readFileSync(file('tiles.png')));
    expect([tiles.width, tiles.height]).toEqual([4 * 58, 4 * 58]); // 16 tiles of 8 × 8, each 7 times as large
  });

  it('exports weights, ONNX and a predictor that gives the same class', async () => {
    const weights = ['--weights', file('w.safetensors')];
    for (const name of ['m.onnx', 'm.npz', 'm.safetensors', 'm.mjs']) {
      expect((await ndgrad('export', project, file(name), ...weights)).code).toBe(0);
    }
    expect(Object.keys(await loadNpz(file('m.npz'))).sort()).toEqual(['1.bias', '1.weight', '3.bias', '3.weight']);
    expect(existsSync(file('m.d.mts'))).toBe(true);
    const predictor = await import(/* @vite-ignore */ file('m.mjs'));
    const [x] = digits().batch([0]);
    expect(predictor.classify([...x.toArray()])).toEqual(['zero']);
    const wrong = await ndgrad('export', project, file('m.bin'), ...weights);
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/ending must be \.onnx, \.safetensors/)]);
  });

  it('compares gradients with central differences', async () => {
    const { code, out } = await ndgrad('gradcheck', project, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).worst).toBeLessThan(1e-4);
  });

  it('goes on from a checkpoint, and takes weights from one', async () => {
    const path = file('run.safetensors');
    await ndgrad('train', project, '--epochs', '1', '--checkpoint', path, '--quiet');
    const resumed = await ndgrad('train', project, '--checkpoint', path, '--resume', '--json');
    expect(resumed.code).toBe(0);
    const straight = JSON.parse(trained.out);
    expect(JSON.parse(resumed.out)).toMatchObject({ val_acc: straight.val_acc, train_loss: straight.train_loss });
    const measured = JSON.parse((await ndgrad('eval', project, '--weights', path, '--json')).out);
    expect(measured.accuracy).toBe(straight.val_acc);
  });
});

describe('a wrong command', () => {
  const bad = async (...argv: string[]) => {
    const { code, err } = await ndgrad(...argv);
    return `${code}: ${err.trim().split('\n').join(' ')}`;
  };

  it('is told what is wrong', async () => {
    writeFileSync(file('empty.mjs'), 'export const data = 1;');
    writeFileSync(file('broken.mjs'), 'throw new Error("oh");');
    writeFileSync(file('letters.csv'), '1,2\n3,x\n');
    writeFileSync(file('ragged.csv'), '1,2\n3\n');
    writeFileSync(file('no.png'), 'no picture at all, but long enough');
    expect(await bad('evaal')).toMatch(/^2: ndgrad: unknown command 'evaal' .*Did you mean eval/);
    expect(await bad('eval', 'nowhere.mjs')).toBe('1: ndgrad: there is no file nowhere.mjs');
    expect(await bad('eval', file('empty.mjs'))).toMatch(/^1: .*must export a model: .*found undefined/);
    expect(await bad('eval', file('broken.mjs'))).toMatch(/^1: .*can't be run: oh/);
    expect(await bad('eval', project, '--weights', 'none')).toBe('1: ndgrad: there is no file none');
    expect(await bad('eval', project, '--target', 'speed>=1')).toMatch(/^1: .*--target must be a measure/);
    expect(await bad('predict', project, file('letters.csv'))).toMatch(/line 2, column 2: expected a number, got "x"/);
    expect(await bad('predict', project, file('ragged.csv'))).toMatch(/line 2 has 1 columns, the first row 2/);
    expect(await bad('predict', project, file('no.png'))).toMatch(/^1: .*no\.png: expected a PNG/);
    expect(await bad('predict', project, 'x.tiff')).toMatch(/must be a \.csv, \.png or IDX file .*, got \.tiff/);
    expect(await bad('inspect', file('broken.mjs'))).toMatch(/^1: ndgrad: .*broken\.mjs: /);
  });

  it('knows its version, which is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect((await ndgrad('--version')).out).toBe(`${version}\n`);
  });

  it('has its help', async () => {
    const { code, out } = await ndgrad('--help');
    expect(code).toBe(0);
    for (const name of ['train', 'eval', 'predict', 'inspect', 'export', 'gradcheck', 'doctor'])
      expect(out).toContain(name);
  });
});
