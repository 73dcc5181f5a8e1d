import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, Generator, rand } from '@ndgrad/core';
import { DataLoader, type TensorDataset } from '@ndgrad/data';
import { saveWeights } from '@ndgrad/io';
import { StepLR } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  type CheckpointOptions,
  type FitOptions,
  fit,
  readCheckpoint,
  saveCheckpoint,
  TrainingError,
} from '../../src/index.ts';
import { freshFolder, freshPath, isOutage, outageAfter, problem, stateOf } from './problem.ts';

/** Trains the problem anew, 4 batches an epoch. */
async function start(checkpoint: CheckpointOptions, more: Partial<FitOptions> = {}, made = problem()) {
  const { model, loss, train, sgd } = made;
  return fit(model, { loss, optimizer: sgd(), train, epochs: 2, checkpoint, ...more });
}

/** The epochs and steps that stand in the file after each batch of a run. */
async function savings(every: CheckpointOptions['every'], epochs: number) {
  const path = freshPath();
  const seen: (number | null)[] = [];
  const observe = async () => void seen.push((await readCheckpoint(path)).step);
  await start({ path, ...(every !== undefined && { every }) }, { epochs, onBatch: observe });
  await observe();
  return seen;
}

describe('when a run is saved', () => {
  it('at its start, after every epoch and at its end', async () => {
    expect(await savings(undefined, 2)).toEqual([0, 0, 0, 0, 4, 4, 4, 4, 8]);
  });

  it('after so many epochs, and at its end', async () => {
    expect(await savings(2, 3)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 12]);
  });

  it('after so many steps, and at its end', async () => {
    expect(await savings({ steps: 3 }, 2)).toEqual([0, 0, 0, 3, 3, 3, 6, 6, 8]);
  });

  it('once for one state: the end of a run whose last epoch was saved writes nothing', async () => {
    const path = freshPath();
    await start({ path });
    const before = readFileSync(path);
    await start({ path, resume: true });
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('what is kept', () => {
  it('the last ones, and the best', async () => {
    const folder = freshFolder();
    const path = join(folder, 'run.safetensors');
    const { model, loss, train, validation, sgd } = problem();
    const losses: number[] = [];
    await fit(model, {
      ...{ loss, train, validation, optimizer: sgd(), epochs: 5 },
      onEpoch: ({ validationLoss }) => losses.push(validationLoss!),
      checkpoint: { path, keepLast: 3, keepBest: true },
    });
    const names = ['run.best.safetensors', 'run.safetensors', 'run.step-12.safetensors', 'run.step-16.safetensors'];
    expect(readdirSync(folder).sort()).toEqual(names);
    const steps = await Promise.all(names.map(async (name) => (await readCheckpoint(join(folder, name))).step));
    expect(steps).toEqual([4 * (1 + losses.indexOf(Math.min(...losses))), 20, 12, 16]);
  });

  it('the best by the training loss, where nothing is validated, also where epochs are seldom saved', async () => {
    const path = freshPath();
    const result = await start({ path, keepBest: true, every: 3 }, { epochs: 3 });
    const losses = result.history.map(({ trainLoss }) => trainLoss);
    const best = await readCheckpoint(path.replace('.safetensors', '.best.safetensors'));
    expect(best.history.length).toBe(1 + losses.indexOf(Math.min(...losses)));
  });

  it('what made it: the command, the versions, the moment', async () => {
    const path = freshPath();
    await start({ path, command: 'train it' });
    const { about, step, history, best, state } = await readCheckpoint(path);
    expect(about.command).toBe('train it');
    expect(about.versions).toMatchObject({ ndgrad: expect.stringMatching(/^\d+\.\d+\.\d+$/), node: process.version });
    expect(Math.abs(Date.parse(about.saved) - Date.now())).toBeLessThan(60_000);
    expect([step, history.length, best, state]).toEqual([8, 2, null, null]);
  });

  it('the lock is given back, however the run ends', async () => {
    const path = freshPath();
    await start({ path }, outageAfter(2)).catch(isOutage);
    expect(existsSync(`${path}.lock`)).toBe(false);
    await start({ path, resume: true });
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

/** What must not change when a run is refused: the model, and the file. */
async function refused(
  path: string,
  run: (made: ReturnType<typeof problem>) => Promise<unknown>,
  message: string | RegExp,
) {
  const before = existsSync(path) ? readFileSync(path) : null;
  const made = problem();
  const state = stateOf(made.model);
  const draws = made.train.generator.getState();
  const error = await run(made).then(
    () => null,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  if (typeof message === 'string') expect(error.message).toContain(message);
  else expect(error.message).toMatch(message);
  expect(stateOf(made.model)).toEqual(state);
  expect(made.train.generator.getState()).toEqual(draws);
  expect(existsSync(path) ? readFileSync(path) : null).toEqual(before);
  expect(existsSync(`${path}.lock`)).toBe(false);
}

describe('a run that can not begin', () => {
  it('where a file is already, unless it is resumed', async () => {
    const path = freshPath();
    await start({ path });
    await refused(path, (p) => start({ path }, {}, p), `${path}: there is a file; go on from it by resume, delete it`);
  });

  it('where there is none to be resumed', async () => {
    const path = freshPath();
    await refused(path, (p) => start({ path, resume: true }, {}, p), `${path}: there is no checkpoint to go on from`);
  });

  it('in a folder that is none, and at a path that is a folder', async () => {
    const folder = freshFolder();
    await refused(
      join(folder, 'a'),
      (p) => start({ path: join(folder, 'a/run.safetensors') }, {}, p),
      'the folder does not exist; make it first',
    );
    mkdirSync(join(folder, 'b'));
    const path = join(folder, 'b');
    await expect(start({ path })).rejects.toThrow(`${path}: it is a folder; give the path of a file in it`);
  });

  it('where another run saves', async () => {
    const path = freshPath();
    let second: unknown;
    await start(
      { path },
      {
        onEpoch: async () => {
          second ??= await start({ path, resume: 'auto' }).catch((error) => error);
        },
      },
    );
    expect(second).toBeInstanceOf(CheckpointError);
    expect((second as Error).message).toContain('another run of this process is writing it');
    expect((await readCheckpoint(path)).step).toBe(8);
  });
});

describe('a run that can not be resumed', () => {
  it('from a damaged file', async () => {
    const path = freshPath();
    await start({ path });
    const bytes = readFileSync(path);
    bytes[bytes.length - 9]! ^= 4;
    writeFileSync(path, bytes);
    await refused(path, (p) => start({ path, resume: 'auto' }, {}, p), `${path}: it is damaged`);
  });

  it('from a file of weights, and from another file', async () => {
    const path = freshPath();
    await saveWeights(problem().model, path);
    await refused(path, (p) => start({ path, resume: true }, {}, p), `${path}: it is no checkpoint of ndgrad`);
    writeFileSync(path, 'all my poems');
    await refused(path, (p) => start({ path, resume: 'auto' }, {}, p), `${path}: it is no checkpoint of ndgrad`);
  });

  it('from the checkpoint of a loop of its own', async () => {
    const path = freshPath();
    const { model, sgd } = problem();
    await saveCheckpoint(path, model, { optimizer: sgd() });
    await refused(path, (p) => start({ path, resume: true }, {}, p), `${path}: fit did not make it`);
  });

  it('with other settings: it says with which', async () => {
    const path = freshPath();
    await start({ path, settings: { seed: 1 } });
    const other = () => start({ path, resume: true, settings: { seed: 2 } }, {}, problem({ lr: 0.5, p: 0.1 }));
    await refused(
      path,
      other,
      `${path}: it is a run's with other settings:\n  model.3 was Dropout(p=0.3), is Dropout(p=0.1)\n` +
        '  model.5 was Dropout(p=0.3), is Dropout(p=0.1)\n  optimizer.lr was 0.02, is 0.5\n  options.seed was 1, is 2\n' +
        'Go on with the same ones, or give another path',
    );
  });

  it('with a model of other sizes: the first ten differences are listed', async () => {
    const path = freshPath();
    await start({ path });
    await refused(path, () => start({ path, resume: true }, {}, problem({ hidden: 9 })), 'model.0 was Linear');
  });

  it('with fewer epochs than are done, or with patience from the middle', async () => {
    const path = freshPath();
    await start({ path });
    await refused(
      path,
      (p) => start({ path, resume: true }, { epochs: 1 }, p),
      '2 epochs are done, more than the 1 asked for',
    );
    const validated = freshPath();
    const { validation } = problem();
    await start({ path: validated }, { validation });
    await refused(
      validated,
      (p) => start({ path: validated, resume: true }, { validation: p.validation, patience: 3, epochs: 9 }, p),
      'patience was not set, is 3',
    );
  });

  it('with fewer batches than its epoch had', async () => {
    const path = freshPath();
    const batches = (count: number) => ({
      *[Symbol.iterator]() {
        const { train } = problem();
        yield* [...train].slice(0, count);
      },
    });
    await start({ path, every: { steps: 1 } }, { train: batches(4), ...outageAfter(3) }).catch(isOutage);
    await expect(start({ path, resume: true }, { train: batches(1) })).rejects.toThrow(
      'fit: the checkpoint has 2 batches of its epoch, the training loader 1',
    );
  });
});

describe('what a checkpoint can not keep is refused before training', () => {
  it('an optimizer or a schedule without a state', async () => {
    const { sgd } = problem();
    const optimizer = sgd();
    const bare = { paramGroups: optimizer.paramGroups, step: () => {}, zeroGrad: () => {} };
    await expect(start({ path: freshPath() }, { optimizer: bare })).rejects.toThrow(
      'checkpoint: the optimizer has no stateDict() and loadStateDict(state), without which a resumed run would start it',
    );
    await expect(start({ path: freshPath() }, { schedule: { step: () => {} } })).rejects.toThrow(
      'checkpoint: the schedule has no stateDict()',
    );
    await expect(start({ path: freshPath(), extra: { ema: {} as never } })).rejects.toThrow(
      'checkpoint: extra.ema has no',
    );
  });

  it('a generator that it can not find, once it was drawn from', async () => {
    const path = freshPath();
    const hidden = new Generator(5);
    const onBatch = () => void rand([1], { generator: hidden });
    await expect(start({ path }, { onBatch })).rejects.toThrow(
      /a generator \(seed 5\) was drawn from .* extra: \{ name/,
    );
    expect((await readCheckpoint(path)).step).toBe(0);
  });

  const refusals: [name: string, options: object, message: string][] = [
    ['no path', {}, 'fit: checkpoint: path must be that of a file, got ""'],
    ['a path that is none', { path: 3 }, 'fit: checkpoint: path must be that of a file, got 3'],
    ['an unknown option', { path: 'x', evry: 3 }, 'fit: checkpoint: unknown option "evry". Did you mean "every"?'],
    ['no epochs', { path: 'x', every: 0 }, 'fit: checkpoint: every must be a whole number of at least 1, got 0'],
    ['half a step', { path: 'x', every: { steps: 0.5 } }, 'every.steps must be a whole number of at least 1, got 0.5'],
    ['no number', { path: 'x', every: 'epoch' }, 'every.steps must be a whole number of at least 1, got undefined'],
    ['nothing kept', { path: 'x', keepLast: 0 }, 'keepLast must be a whole number of at least 1, got 0'],
    ['best of 3', { path: 'x', keepBest: 3 }, 'keepBest must be true or false, got 3'],
    ['a wrong word', { path: 'x', resume: 'yes' }, 'resume must be true, false or "auto", got "yes"'],
    ['an onError that is none', { path: 'x', onError: 1 }, 'onError must be a function, got 1'],
    ['an extra that is none', { path: 'x', extra: 1 }, 'checkpoint: extra must be an object of parts by name, got 1'],
  ];
  it.each(refusals)('%s', async (_, options, message) => {
    await expect(start(options as CheckpointOptions)).rejects.toThrow(ArgumentError);
    await expect(start(options as CheckpointOptions)).rejects.toThrow(message);
  });

  it('a checkpoint that is a path', async () => {
    const run = start('run.safetensors' as unknown as CheckpointOptions);
    await expect(run).rejects.toThrow('fit: checkpoint must be { path, … }');
  });
});

describe('a save that fails', () => {
  /** Trains for 3 epochs, in the second of which the folder vanishes. */
  function losing(options: Partial<CheckpointOptions>, made = problem()) {
    const folder = freshFolder();
    const path = join(folder, 'run.safetensors');
    const onEpoch = ({ epoch }: { epoch: number }) => epoch === 2 && rmSync(folder, { recursive: true });
    return start({ path, ...options }, { epochs: 3, onEpoch }, made);
  }

  it('ends the run with an error that is no TrainingError; the model has what it learnt', async () => {
    const made = problem();
    const error = await losing({}, made).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).not.toBeInstanceOf(TrainingError);
    expect(error.message).toMatch(
      /^fit: the checkpoint of epoch 2, step 8 can't be saved: .*the folder .* does not exist.* training itself went well$/,
    );
    const whole = problem();
    await start({ path: freshPath() }, {}, whole);
    expect(stateOf(made.model)).toEqual(stateOf(whole.model));
  });

  it('is told to onError, and training goes on; at the end it is tried once more', async () => {
    const told: CheckpointError[] = [];
    const { history } = await losing({ onError: (error) => told.push(error) });
    expect(history.length).toBe(3);
    expect(
      told.map(({ message }) => /epoch \d, step \d+ can't.*That of epoch 1, step 4/.exec(message)?.[0].slice(0, 15)),
    ).toEqual(['epoch 2, step 8', 'epoch 3, step 1', 'epoch 3, step 1']);
  });
});

it('a schedule that goes on from a checkpoint may not have other settings', async () => {
  const path = freshPath();
  const run = (stepSize: number, resume: boolean) => {
    const { model, loss, train, sgd } = problem();
    const optimizer = sgd();
    const schedule = new StepLR(optimizer, { stepSize });
    return fit(model, { loss, optimizer, train, schedule, epochs: 2, checkpoint: { path, resume } });
  };
  await run(1, false);
  await expect(run(2, true)).rejects.toThrow('schedule.step_size was 1, is 2');
});

it('a run on other rows is another run', async () => {
  const path = freshPath();
  await start({ path });
  const { train, validation } = problem();
  const other = new DataLoader(validation.dataset as TensorDataset, { batchSize: train.batchSize, shuffle: true });
  await expect(start({ path, resume: true }, { train: other })).rejects.toThrow(/train\.rows was 20, is 12/);
});
