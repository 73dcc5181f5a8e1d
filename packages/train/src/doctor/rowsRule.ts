import type { Tensor } from '@ndgrad/core';
import { DataLoader } from '@ndgrad/data';
import type { Loader } from '../measure.ts';
import { found, notChecked, passed } from './diagnosis.ts';
import type { Patient } from './patient.ts';
import type { Rule } from './rule.ts';

/** A row or two may be alike by chance: two flowers of the same measures. */
const SHARED = { rows: 3, share: 0.01 };
/** Times the share of training rows that have a twin among themselves. */
const NATURAL = 3;
const CHUNK = 256;

export const sharedRows: Rule = {
  codes: ['shared-rows'],
  async check(patient) {
    const code = 'shared-rows';
    const { loader, validation } = patient.about;
    if (validation === null) return [notChecked(code, 'give validation, the loader of the validation rows')];
    const over = patient.timer(0.2);
    const known = new Map<string, number>();
    let rows = 0;
    const isAll = await eachRow(patient, loader, over, (key) => {
      known.set(key, (known.get(key) ?? 0) + 1);
      rows++;
    });
    let [shared, others] = [0, 0];
    await eachRow(patient, validation, over, (key) => {
      if (known.has(key)) shared++;
      others++;
    });
    if (others === 0) return [notChecked(code, isAll ? 'validation gave no rows' : 'not done in its time')];
    const twins = [...known.values()].reduce((sum, times) => sum + (times > 1 ? times : 0), 0) / rows;
    const evidence = {
      'shared rows': shared,
      'of validation rows': others,
      'training rows looked at': rows,
      'training rows with a twin': `${(100 * twins).toFixed(1)} %`,
    };
    const share = shared / others;
    const isMuch = shared >= Math.min(SHARED.rows, others) && share >= SHARED.share && share > NATURAL * twins;
    return [isMuch ? found(code, evidence) : passed(code, evidence)];
  },
};

/** Calls `see` with a key of every row of inputs. @returns whether there was time for all */
async function eachRow(
  patient: Patient,
  loader: Loader,
  over: () => boolean,
  see: (key: string) => void,
): Promise<boolean> {
  for (const x of inputsOf(loader)) {
    for (const key of keysOf(x)) see(key);
    await patient.pause();
    if (over()) return false;
  }
  return true;
}

function* inputsOf(loader: Loader): Iterable<Tensor> {
  if (!(loader instanceof DataLoader)) {
    for (const [x] of loader) yield x;
    return;
  }
  const { dataset } = loader;
  for (let start = 0; start < dataset.length; start += CHUNK) {
    const size = Math.min(CHUNK, dataset.length - start);
    yield dataset.batch(Array.from({ length: size }, (_, i) => start + i))[0];
  }
}

/** Two sums of 32 bits over each row's bytes (FNV-1a, Fowler, Noll & Vo, and Murmur's multiplier), as one text. */
function keysOf(x: Tensor): string[] {
  const rows = x.shape[0]!;
  const values = x.toArray().map((value) => value + 0); // −0 is 0
  const words = new Uint32Array(values.buffer);
  const width = rows === 0 ? 0 : words.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    let [a, b] = [0x811c9dc5, 0x9747b28c];
    for (let i = row * width; i < (row + 1) * width; i++) {
      const word = words[i]!;
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x5bd1e995);
      b ^= b >>> 13;
    }
    return `${a >>> 0},${b >>> 0}`;
  });
}
