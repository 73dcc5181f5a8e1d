import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeSafetensors, encodeSafetensors } from '@ndgrad/io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { documentBytes, documentOf } from '../../src/checkpoint/document.ts';
import { CheckpointError, fit } from '../../src/index.ts';
import { VERSION } from '../../src/version.ts';
import { freshPath, isOutage, outageAfter, problem, stateOf } from './problem.ts';

/** A checkpoint from the midst of an epoch, with best weights. */
async function midway(): Promise<string> {
  const path = freshPath();
  await start(path, outageAfter(6)).catch(isOutage);
  return path;
}

function start(path: string, more = {}, made = problem()) {
  const { model, loss, train, validation, sgd } = made;
  const optimizer = sgd();
  const checkpoint = { path, every: { steps: 1 }, resume: 'auto' as const };
  return fit(model, { loss, train, validation, optimizer, epochs: 3, patience: 2, checkpoint, ...more });
}

/** The same file with other metadata, and a right checksum. */
function forged(bytes: Uint8Array, change: Record<string, string>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const made = encodeSafetensors(tensors, { ...metadata, ...change, sha256: '0'.repeat(64) });
  const at = Buffer.from(made).indexOf('"sha256":"') + '"sha256":"'.length;
  made.set(Buffer.from(createHash('sha256').update(made).digest('hex')), at);
  return made;
}

describe('a document', () => {
  it('is the same when it was written and read', async () => {
    const path = await midway();
    const document = await documentOf(path, readFileSync(path));
    expect(document.course!.history.length).toBe(1);
    expect(document.course!.step).toBe(5);
    expect(document.course!.underway!.sums).toMatchObject({ rows: 6, batches: 1 });
    expect(document.course!.best!.epoch).toBe(1);
    const again = await documentOf(path, await documentBytes(document));
    expect(Buffer.compare(await documentBytes(again), readFileSync(path))).toBe(0);
    expect(Object.keys(document.parts.generators)).toEqual(['default', 'train.generator', 'model.3.generator']);
  });

  it('is read from its own file alone: the weights of another kind are none', async () => {
    await expect(documentOf('x', new Uint8Array(5))).rejects.toThrow('x: it is no checkpoint of ndgrad');
  });
});

describe('a document that somebody has forged', () => {
  it('is refused as long as it is no whole document, or changes nothing', async () => {
    const path = await midway();
    const bytes = readFileSync(path);
    const { metadata } = decodeSafetensors(bytes);
    const json = ['null', '0', '"x"', '[]', '{}', '{"a":{}}', '{', '{"$":"eval"}'];
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
    for (const name of Object.keys(metadata)) {
      if (['format', 'format_version', 'sha256'].includes(name)) continue;
      for (const text of [...json, deep]) {
        const other = freshPath();
        writeFileSync(other, forged(bytes, { [name]: text }));
        const made = problem();
        const before = stateOf(made.model);
        await start(other, { signal: AbortSignal.abort() }, made).catch((error) => {
          expectOurs(error);
          expect(stateOf(made.model)).toEqual(before);
        });
      }
    }
  });

  it('is refused whatever its course is', async () => {
    const path = await midway();
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
        await documentOf(
          'run',
          forged(bytes, { course: JSON.stringify({ step: 1, best: null, underway: value }) }),
        ).catch(expectOurs);
      }),
    );
  });
});

function expectOurs(error: unknown): void {
  expect(error).toBeInstanceOf(CheckpointError);
}

it('the version that a checkpoint states is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});
