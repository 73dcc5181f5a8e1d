import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, manualSeed, noGrad, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Linear, Module, Parameter, ReLU, Sequential } from '@ndgrad/nn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, FileError, loadWeights, saveWeights } from '../src/index.ts';
import { type DescribedFile, expected, fixturePath, numbersOf } from './fixtures.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-weights-'));
  path = join(folder, 'a.safetensors');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const convnet = (): Sequential =>
  new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(2), new ReLU(), new Flatten(), new Linear(8, 3));

const bits = (module: Sequential): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(module.stateDict()).map(([key, x]) => [key, new Uint8Array(x.toArray().buffer)]));

describe('saveWeights and loadWeights', () => {
  it('bring every bit of parameters and buffers into another module', async () => {
    manualSeed(1);
    const [a, b] = [convnet(), convnet()];
    a.call(randn([4, 1, 4, 4])); // moves the running statistics
    await saveWeights(a, path, { metadata: { epoch: '3' } });
    expect(bits(b)).not.toEqual(bits(a));
    const loaded = await loadWeights(b, path);
    expect(bits(b)).toEqual(bits(a));
    expect(loaded.metadata).toEqual({ format: 'pt', epoch: '3' });
    expect(loaded.keys.sort()).toEqual(Object.keys(a.stateDict()).sort());
    expect([loaded.missingKeys, loaded.unexpectedKeys]).toEqual([[], []]);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  it('store doubles, and counters as whole numbers, as PyTorch does', async () => {
    await saveWeights(convnet(), path);
    const { dtypes } = decodeSafetensors(readFileSync(path));
    expect(dtypes['1.num_batches_tracked']).toBe('I64');
    expect(new Set(Object.values(dtypes))).toEqual(new Set(['I64', 'F64']));
  });

  it('store half the bytes as F32, rounded to the nearest', async () => {
    const a = new Sequential(new Linear(30, 30), new BatchNorm1d(30));
    await saveWeights(a, path, { dtype: 'F32' });
    const half = readFileSync(path).length;
    const b = new Sequential(new Linear(30, 30), new BatchNorm1d(30));
    await loadWeights(b, path);
    expect([...b.stateDict()['0.weight']!.toArray()]).toEqual(
      Array.from(a.stateDict()['0.weight']!.toArray(), Math.fround),
    );
    expect(decodeSafetensors(readFileSync(path)).dtypes['1.num_batches_tracked']).toBe('I64');
    await saveWeights(a, path);
    expect(readFileSync(path).length).toBeGreaterThan(1.8 * half);
  });

  it('read a model of PyTorch, which then computes what it computed there', async () => {
    const { x, y } = expected['model.safetensors'] as DescribedFile;
    const model = convnet();
    const { keys } = await loadWeights(model, fixturePath('model.safetensors'));
    expect(keys).toHaveLength(9);
    const found = model.eval().call(tensor(Float64Array.from(numbersOf(x)), { shape: x.shape }));
    expect([...found.shape]).toEqual(y.shape);
    for (const [i, value] of numbersOf(y).entries()) expect(Math.abs(found.toArray()[i]! - value)).toBeLessThan(1e-14);
  });

  it('store a shared parameter under each of its names', async () => {
    class Tied extends Module {
      readonly first: Parameter;
      readonly second: Parameter;
      constructor() {
        super();
        this.first = new Parameter(tensor([1, 2]));
        this.second = this.first;
      }
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    await saveWeights(new Tied(), path);
    expect((await loadWeights(new Tied(), path)).keys).toEqual(['first', 'second']);
  });

  it('list all that does not fit in one error, and leave the module as it was', async () => {
    await saveWeights(new Sequential(new Linear(3, 4), new Linear(4, 2), new Linear(2, 2, { bias: false })), path);
    const other = new Sequential(new Linear(3, 5), new Linear(4, 2, { bias: false }), new Linear(2, 2));
    const before = bits(other);
    const error = await loadWeights(other, path).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).message).toBe(
      `${path}: the state does not fit Sequential:
  missing: "2.bias"
  unexpected: "1.bias"
  "0.weight": the module has [5, 3], the state [4, 3]
  "0.bias": the module has [5], the state [4]: build the module that was saved; the names may differ with { strict: false }, the shapes never`,
    );
    expect(bits(other)).toEqual(before);
  });

  it('load what fits, where that is wanted, and say what does not; but no wrong shapes', async () => {
    await saveWeights(new Sequential(new Linear(3, 4), new Linear(4, 2, { bias: false })), path);
    const other = new Sequential(new Linear(3, 4, { bias: false }), new Linear(4, 2));
    const { missingKeys, unexpectedKeys } = await loadWeights(other, path, { strict: false });
    expect([missingKeys, unexpectedKeys]).toEqual([['1.bias'], ['0.bias']]);
    const { tensors } = decodeSafetensors(readFileSync(path));
    expect(other.stateDict()['0.weight']!.tolist()).toEqual(tensors['0.weight']!.tolist());
    await expect(loadWeights(new Sequential(new Linear(2, 4)), path, { strict: false })).rejects.toThrow(
      '"0.weight": the module has [4, 2], the state [4, 3]: build the module that was saved; the shapes must be equal',
    );
  });

  it('refuse a file that is none, that is missing or damaged, by its name', async () => {
    const model = new Sequential(new Linear(1, 1));
    const message = (at: string) => loadWeights(model, at).catch((error: Error) => `${error.name}: ${error.message}`);
    expect(await message(path)).toBe(`FileError: ${path}: there is no such file: check the path`);
    expect(await message(join(path, 'a'))).toBe(`FileError: ${join(path, 'a')}: there is no such file: check the path`);
    expect(await message(folder)).toBe(`FileError: ${folder}: it is a folder: give the path of a file in it`);
    expect(await message('/dev/zero')).toBe('FileError: /dev/zero: it is no regular file: copy it into a file');
    writeFileSync(path, 'no weights at all');
    expect(await message(path)).toContain(`FileError: ${path}: the header would have`);
    writeFileSync(path, encodeSafetensors({ a: zeros([3]) }).slice(0, -1));
    expect(await message(path)).toContain(
      `FileError: ${path}: "a" goes beyond the file's 87 bytes, at byte 9: get the`,
    );
  });

  it('refuse to save what the format can not hold, or no module; the file stays as it was', async () => {
    const model = new Sequential(new Linear(1, 1, { bias: false }));
    await saveWeights(model, path);
    const before = readFileSync(path);
    noGrad(() => model.parameters()[0]!.fill_(1e300));
    await expect(saveWeights(model, path, { dtype: 'F32' })).rejects.toThrow(
      'encodeSafetensors: "0.weight": F32 holds numbers of less than ±3.4028e+38, got 1e+300; write it as F64',
    );
    await expect(saveWeights({} as never, path)).rejects.toThrow('saveWeights: expected a module, got Object');
    await expect(loadWeights(null as never, path)).rejects.toThrow(ArgumentError);
    await expect(saveWeights(model, path, { format: 'pt' } as never)).rejects.toThrow('unknown option "format"');
    await expect(loadWeights(model, path, { strickt: false } as never)).rejects.toThrow('Did you mean "strict"?');
    expect(readFileSync(path)).toEqual(before);
  });
});
