import { readFileSync, writeFileSync } from 'node:fs';
import { ArgumentError, Generator, manualSeed, noGrad, rand, type Tensor, tensor } from '@ndgrad/core';
import { decodeSafetensors } from '@ndgrad/io';
import { BatchNorm1d, Linear, Sequential } from '@ndgrad/nn';
import { Adam, StepLR } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { CheckpointError, fit, loadCheckpoint, readCheckpoint, saveCheckpoint } from '../src/index.ts';
import { freshPath, problem, stateOf } from './checkpoint/problem.ts';

/** A loop of one's own, as a program has it. */
function loop() {
  const { model, loss, train } = problem();
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  const schedule = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  const noise = new Generator(8);
  const epoch = () => {
    for (const [x, y] of train) {
      const value = loss.call(model.call(x.add(rand(x.shape, { generator: noise }).mul(0.1))), y);
      optimizer.zeroGrad();
      value.backward();
      optimizer.step();
    }
    schedule.step();
  };
  return { model, epoch, parts: { optimizer, schedule, train, extra: { noise } } };
}

describe('a loop of the program itself', () => {
  it('goes on from its checkpoint bit for bit', async () => {
    const path = freshPath();
    const whole = loop();
    for (let i = 0; i < 5; i++) whole.epoch();

    const first = loop();
    for (let i = 0; i < 3; i++) first.epoch();
    await saveCheckpoint(path, first.model, { ...first.parts, state: { epoch: 3, losses: [0.5, Number.NaN] } });

    const second = loop();
    rand([100]);
    const { state } = await loadCheckpoint(path, second.model, second.parts);
    expect(state).toEqual({ epoch: 3, losses: [0.5, Number.NaN] });
    for (let i = 0; i < 2; i++) second.epoch();
    expect(stateOf(second.model)).toEqual(stateOf(whole.model));
    expect(rand([3]).tolist()).not.toEqual(rand([3]).tolist());
  });

  it('replaces the checkpoint that was there', async () => {
    const path = freshPath();
    const { model } = loop();
    for (const epoch of [1, 2]) await saveCheckpoint(path, model, { state: { epoch } });
    expect((await readCheckpoint(path)).state).toEqual({ epoch: 2 });
  });

  it('may keep tensors of its own', async () => {
    const path = freshPath();
    await saveCheckpoint(path, loop().model, { state: { averages: [tensor([1, 2])] } });
    const { state } = await readCheckpoint(path);
    expect((state as { averages: Tensor[] }).averages[0]!.tolist()).toEqual([1, 2]);
  });
});

describe('what is loaded', () => {
  it('is the model alone, where nothing else is given', async () => {
    const path = freshPath();
    const { model, parts, epoch } = loop();
    epoch();
    await saveCheckpoint(path, model, parts);
    const other = loop();
    await loadCheckpoint(path, other.model);
    expect(stateOf(other.model)).toEqual(stateOf(model));
    expect(other.parts.optimizer.state.size).toBe(0);
  });

  it('is what fit saved, with the history and the best weights', async () => {
    const path = freshPath();
    const { model, loss, train, validation, sgd } = problem();
    const options = { loss, train, validation, optimizer: sgd(), epochs: 4, patience: 3, checkpoint: { path } };
    const { history, bestEpoch } = await fit(model, options);
    const read = await readCheckpoint(path);
    expect(read.history).toEqual(history);
    expect([read.step, read.best!.epoch]).toEqual([16, bestEpoch]);
    const best = problem().model;
    best.loadStateDict(read.best!.state);
    expect(stateOf(best)).toEqual(stateOf(model));
    const last = problem().model;
    await loadCheckpoint(path, last);
    expect(last.stateDict()['0.weight']!.tolist()).toEqual(read.model['0.weight']!.tolist());
  });

  it('stands in a safetensors file, the weights as model.<name>', async () => {
    const path = freshPath();
    const { model, parts, epoch } = loop();
    epoch();
    await saveCheckpoint(path, model, parts);
    const { tensors, metadata } = decodeSafetensors(readFileSync(path));
    expect(tensors['model.0.weight']!.tolist()).toEqual(model.stateDict()['0.weight']!.tolist());
    expect(tensors['model.1.running_mean']!.shape).toEqual([5]);
    expect(tensors['optimizer.state.0.exp_avg']!.shape).toEqual([5, 3]);
    expect(tensors['generators.default.words']!.shape).toEqual([624]);
    expect(JSON.parse(metadata.schedule!)).toMatchObject({ step_size: 2, last_epoch: 1 });
    expect(JSON.parse(metadata.versions!)).toHaveProperty('backend');
  });
});

/** Tries to load; everything must stay as it was. */
async function refused(path: string, made: ReturnType<typeof loop>, message: string | RegExp) {
  const before = stateOf(made.model);
  const lr = made.parts.optimizer.paramGroups[0]!.lr;
  const noise = made.parts.extra.noise.getState();
  const error = await loadCheckpoint(path, made.model, made.parts).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error.message).toMatch(message);
  expect(stateOf(made.model)).toEqual(before);
  expect(made.parts.optimizer.paramGroups[0]!.lr).toBe(lr);
  expect(made.parts.extra.noise.getState()).toEqual(noise);
}

describe('what does not fit is refused, and nothing is changed', () => {
  it('another model', async () => {
    const path = freshPath();
    await saveCheckpoint(path, new Sequential(new Linear(3, 5), new BatchNorm1d(4)), loop().parts);
    await refused(
      path,
      loop(),
      /it is another run's: loadStateDict: the state does not fit Sequential:\n {2}missing: "4\.weight"/,
    );
  });

  it('another optimizer, though the model fits', async () => {
    const path = freshPath();
    const { model, parts } = loop();
    noGrad(() => model.parameters()[0]!.add_(1));
    await saveCheckpoint(path, model, { ...parts, optimizer: new Adam([{ params: model.parameters().slice(1) }]) });
    await refused(path, loop(), /it is another run's: Adam: .* parameters/);
  });

  it('another schedule, though model and optimizer fit', async () => {
    const path = freshPath();
    const { model, parts, epoch } = loop();
    for (let i = 0; i < 4; i++) epoch();
    await saveCheckpoint(path, model, { ...parts, schedule: { stateDict: () => ({ a: 1 }), loadStateDict() {} } });
    await refused(path, loop(), /it is another run's: StepLR: the saved state is another schedule's/);
  });

  it('a checkpoint without what is asked for', async () => {
    const path = freshPath();
    const { model, parts } = loop();
    await saveCheckpoint(path, model);
    await refused(path, loop(), 'has no state of optimizer');
    await saveCheckpoint(path, model, { ...parts, extra: {} });
    await refused(path, loop(), 'has no state of the generator extra.noise');
  });

  it('no file, and one that is damaged', async () => {
    const path = freshPath();
    await refused(path, loop(), `loadCheckpoint: there is no file ${path}`);
    const { model, parts } = loop();
    await saveCheckpoint(path, model, parts);
    writeFileSync(path, readFileSync(path).subarray(0, 4000));
    await refused(path, loop(), `${path}: it is damaged`);
  });
});

describe('arguments that are refused', () => {
  it('paths and models that are none, parts without a state, unknown options', async () => {
    const { model } = problem();
    await expect(saveCheckpoint('', model)).rejects.toThrow(ArgumentError);
    await expect(saveCheckpoint('', model)).rejects.toThrow('saveCheckpoint: the path must be that of a file, got ""');
    await expect(saveCheckpoint('x', {} as never)).rejects.toThrow('saveCheckpoint: expected a model, a Module, got');
    await expect(loadCheckpoint('x', null as never)).rejects.toThrow('loadCheckpoint: expected a model');
    await expect(readCheckpoint(3 as never)).rejects.toThrow('readCheckpoint: the path must be that of a file, got 3');
    await expect(saveCheckpoint('x', model, { optimiser: 1 } as never)).rejects.toThrow('Did you mean "optimizer"?');
    await expect(saveCheckpoint('x', model, { optimizer: {} as never })).rejects.toThrow(
      'the optimizer has no stateDict()',
    );
    await expect(saveCheckpoint('x', model, { state: (() => 1) as never })).rejects.toThrow(
      'checkpoint: state is function',
    );
  });

  it('a place that can not be written', async () => {
    const { model } = problem();
    await expect(saveCheckpoint('/none/such/run', model)).rejects.toThrow(CheckpointError);
    await expect(saveCheckpoint('/none/such/run', model)).rejects.toThrow(/saveCheckpoint: .*does not exist/);
  });
});

it('a seed that is set anew after loading starts anew: generators are those of the program', async () => {
  const path = freshPath();
  const { model } = problem();
  manualSeed(5);
  const first = rand([2]).tolist();
  await saveCheckpoint(path, model);
  const next = rand([2]).tolist();
  await loadCheckpoint(path, model);
  expect(rand([2]).tolist()).toEqual(next);
  manualSeed(5);
  expect(rand([2]).tolist()).toEqual(first);
});
