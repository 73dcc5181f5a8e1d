import { tensor } from '@ndgrad/core';
import { DataLoader, TensorDataset } from '@ndgrad/data';
import { CrossEntropyLoss, Dropout, Linear, Sequential } from '@ndgrad/nn';
import { Adam, CosineAnnealingLR, SequentialLR, SGD, StepLR } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { type Described, differences, settingsOf } from '../../src/checkpoint/settings.ts';

const dataset = new TensorDataset(tensor([[1], [2], [3]]), tensor([0, 1, 1]));
const model = new Sequential(new Linear(1, 2), new Dropout({ p: 0.25 }));

const plain = (): Described => ({
  model,
  loss: new CrossEntropyLoss(),
  optimizer: new SGD(model.parameters(), { lr: 0.1 }),
  schedule: null,
  schedules: [],
  train: new DataLoader(dataset, { batchSize: 2 }),
  validation: null,
  minDelta: 0,
  settings: { seed: 3 },
});

/** What differs between the plain run and another one. */
function changed(change: Partial<Described>): string[] {
  return differences(settingsOf(plain()), settingsOf({ ...plain(), ...change }));
}

describe('the settings of a run', () => {
  it('name all that makes it what it is', () => {
    expect(settingsOf(plain())).toMatchObject({
      model: 'Sequential()',
      'model.0': 'Linear(inFeatures=1, outFeatures=2, bias=true)',
      'model.1': 'Dropout(p=0.25)',
      optimizer: 'SGD',
      'optimizer.lr': 0.1,
      'optimizer.momentum': 0,
      'optimizer.parameters': 2,
      schedule: null,
      'train.batches': 2,
      'train.batchSize': 2,
      'train.shuffle': false,
      'train.rows': 3,
      'train.targets': expect.stringMatching(/^[0-9a-f]{16}$/),
      validation: null,
      'options.seed': 3,
    });
  });

  it('are the same where the same program starts again', () => {
    expect(changed({})).toEqual([]);
  });

  it('are the same where a schedule has moved the rate since', () => {
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const schedule = new SequentialLR(optimizer, {
      schedulers: [new StepLR(optimizer, { stepSize: 1 }), new CosineAnnealingLR(optimizer, { TMax: 4 })],
      milestones: [2],
    });
    const before = settingsOf({ ...plain(), optimizer, schedule });
    for (let i = 0; i < 3; i++) schedule.step();
    expect(optimizer.paramGroups[0]!.lr).not.toBe(0.1);
    expect(differences(before, settingsOf({ ...plain(), optimizer, schedule }))).toEqual([]);
    expect(before).toMatchObject({ schedule: 'SequentialLR', 'schedule.schedulers.1.T_max': 4 });
  });
});

describe('what differs between two runs', () => {
  const wider = new Sequential(new Linear(1, 2), new Dropout({ p: 0.5 }));
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const cases: [what: string, change: Partial<Described>, lines: (string | RegExp)[]][] = [
    ['a rate', { optimizer: new SGD(model.parameters(), { lr: 0.2 }) }, ['optimizer.lr was 0.1, is 0.2']],
    ['a part of the model', { model: wider }, ['model.1 was Dropout(p=0.25), is Dropout(p=0.5)']],
    ['a loss', { loss: () => tensor(0) }, [/^loss was CrossEntropyLoss\(.*\), is a function$/]],
    [
      'a schedule',
      { optimizer, schedule: new StepLR(optimizer, { stepSize: 7 }) },
      ['schedule was null, is StepLR', 'schedule.step_size was not set, is 7'],
    ],
    ['batches', { train: new DataLoader(dataset) }, ['train.batchSize was 2, is 1']],
    [
      'an order',
      { train: new DataLoader(dataset, { batchSize: 2, shuffle: true }) },
      ['train.shuffle was false, is true'],
    ],
    [
      'targets',
      { train: new DataLoader(new TensorDataset(dataset.inputs, tensor([1, 1, 1])), { batchSize: 2 }) },
      [/^train\.targets was [0-9a-f]{16}, is [0-9a-f]{16}$/],
    ],
    ['validation', { validation: [] }, ['validation was null, is not set', 'validation.batches was not set, is 0']],
    [
      'a schedule beside',
      { optimizer, schedules: [['schedules.0', new StepLR(optimizer, { stepSize: 7 })]] },
      ['schedules.0 was not set, is StepLR', 'schedules.0.step_size was not set, is 7'],
    ],
    ["the caller's", { settings: { seed: 4 } }, ['options.seed was 3, is 4']],
    ['minDelta', { minDelta: 0.5 }, ['minDelta was 0, is 0.5']],
  ];
  it.each(cases)('%s', (_, change, lines) => {
    const found = changed(change);
    for (const line of lines)
      expect(found).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
  });

  it('another optimizer, and groups', () => {
    expect(changed({ optimizer: new Adam(model.parameters(), { lr: 0.1 }) })).toContain('optimizer was SGD, is Adam');
    const [weight, bias] = model.parameters();
    const grouped = new SGD([{ params: weight!, weightDecay: 1 }, { params: bias! }], { lr: 0.1 });
    expect(changed({ optimizer: grouped })).toContain('optimizer.0.weight_decay was not set, is 1');
  });
});
