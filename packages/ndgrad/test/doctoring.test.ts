import { ArgumentError } from '@ndgrad/core';
import { CrossEntropyLoss } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { fit } from '@ndgrad/train';
import { describe, expect, it } from 'vitest';
import { linearProblem } from '../../train/test/helpers.ts';
import { amount, lesson } from '../src/command.ts';
import { run } from './helpers.ts';

const loss = new CrossEntropyLoss();

/** A lesson that trains several models, each for an epoch. */
const several = (models: number, lr = 0.5) =>
  lesson({
    name: 'several',
    summary: 'trains several models',
    options: {},
    goals: { loss: amount({ max: 10 }) },
    async run(_, { training }) {
      let last = 0;
      for (let i = 0; i < models; i++) {
        const { model, train } = linearProblem();
        const optimizer = new SGD(model.parameters(), { lr });
        const { history } = await fit(model, { loss, optimizer, train, epochs: 1, ...training });
        last = history[0]?.trainLoss ?? Number.NaN;
      }
      return { loss: last };
    },
  });

const examined = (out: string) => out.match(/^doctor: [^e]/gm)?.length ?? 0;

describe('--doctor', () => {
  it('examines each training run before it starts, and trains all the same', async () => {
    const [plain, doctored] = [await run('twice'), await run('twice --doctor')];
    expect(doctored.code).toBe(0);
    expect(examined(doctored.out)).toBe(2);
    expect(examined(plain.out)).toBe(0);
    const losses = (out: string) => out.match(/^(first|second): \[.*\]$/gm);
    expect(losses(doctored.out)).toEqual(losses(plain.out));
  });

  it('prints what it finds, also where only results are wanted', async () => {
    const { out, code } = await run('several --doctor --quiet', [several(1, 1e-7)]);
    expect(code).toBe(0);
    expect(out).toContain('warning learning-rate-too-low\n  The learning rate is too low.\n  evidence: ');
  });

  it('examines the first of many runs, and says so', async () => {
    const { out } = await run('several --doctor', [several(6)]);
    expect(examined(out)).toBe(4);
    expect(out).toContain('doctor: examined the first 4 of 6 training runs');
  });

  it('says so where an example does not train by fit', async () => {
    expect((await run('quick --doctor')).out).toContain(
      'doctor: not asked, for this example trains in a loop of its own',
    );
  });

  it('says nothing more where an example fails', async () => {
    const failing = lesson({
      name: 'failing',
      summary: 'fails',
      options: {},
      goals: { loss: amount({ max: 1 }) },
      run: async () => {
        throw new ArgumentError('wrong');
      },
    });
    const { out, err } = await run('failing --doctor', [failing]);
    expect(out).toBe('');
    expect(err).toContain('failing: wrong');
  });
});
