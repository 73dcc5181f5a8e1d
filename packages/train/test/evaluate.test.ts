import { tensor } from '@ndgrad/core';
import { DataLoader } from '@ndgrad/data';
import { CrossEntropyLoss, Dropout, functional as F, Linear, MSELoss, Sequential } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../src/index.ts';
import { twoClasses } from './helpers.ts';

const loss = new CrossEntropyLoss();

describe('evaluate', () => {
  it('gives the same means for any size of batches', async () => {
    const model = new Linear(2, 2);
    const data = twoClasses();
    const whole = await evaluate(model, new DataLoader(data, { batchSize: 40 }), { loss });
    const parts = await evaluate(model, new DataLoader(data, { batchSize: 7 }), { loss });
    expect(parts.loss).toBeCloseTo(whole.loss, 13);
    expect(parts.accuracy).toBeCloseTo(whole.accuracy!, 13);
  });

  it('takes any function as a loss, and gives no accuracy where targets are no labels', async () => {
    const x = tensor([[1], [2]]);
    const y = tensor([[1], [4]]);
    const model = new Linear(1, 1, { bias: false });
    model.weight.detach().fill_(1);
    expect(await evaluate(model, [[x, y]], { loss: new MSELoss() })).toEqual({ loss: 2, accuracy: null }); // (0 + 4)/2
    expect(await evaluate(model, [[x, y]], { loss: (a, b) => a.sub(b).abs().mean() })).toEqual({
      loss: 1,
      accuracy: null,
    });
    expect(await evaluate(model, [[x, y]], { loss: F.mseLoss, accuracy: () => 0.25 })).toEqual({
      loss: 2,
      accuracy: 0.25,
    });
  });

  it('runs in evaluation mode and puts each module back into its own', async () => {
    const [dropout, linear] = [new Dropout(), new Linear(2, 2)];
    const model = new Sequential(linear, dropout);
    dropout.training = false;
    const modes: boolean[] = [];
    const spy: typeof F.crossEntropy = (a, b) => {
      modes.push(model.training, linear.training, dropout.training);
      return F.crossEntropy(a, b);
    };
    await evaluate(model, new DataLoader(twoClasses(), { batchSize: 40 }), { loss: spy });
    expect(modes).toEqual([false, false, false]);
    expect([model.training, linear.training, dropout.training]).toEqual([true, true, false]);
  });

  it('computes no gradients', async () => {
    const model = new Linear(2, 2);
    let recorded = true;
    await evaluate(model, new DataLoader(twoClasses(), { batchSize: 40 }), {
      loss: (a, b) => {
        recorded = a.requiresGrad;
        return F.crossEntropy(a, b);
      },
    });
    expect(recorded).toBe(false);
  });

  it('refuses loaders without rows and calls without a loss', async () => {
    const model = new Linear(2, 2);
    await expect(evaluate(model, [], { loss })).rejects.toThrow('evaluate: the loader gave no rows');
    await expect(evaluate(model, [], {} as never)).rejects.toThrow(
      'evaluate: loss must be a loss module or a function',
    );
    await expect(evaluate(model, [], { los: loss } as never)).rejects.toThrow('Did you mean "loss"?');
  });
});
