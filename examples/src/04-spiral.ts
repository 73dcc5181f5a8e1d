/**
 * The course's case study: three spiral arms that no linear classifier tells apart, and a small network that does.
 * CS231n, "Neural networks case study", with its hyperparameters: full batch, learning rate 1, λ = 0.001.
 *   pnpm train spiral [--hidden 100 --steps 10000 --linear-steps 200 --lr 1 --weight-decay 1e-3 --seed 0]
 *
 * Prints, for both, the curve of the loss, the final loss with the regularisation ½λ‖W‖², and the training accuracy.
 */
import { manualSeed, type Tensor } from '@ndgrad/core';
import { spiral } from '@ndgrad/data';
import { CrossEntropyLoss, init, Linear, type Module, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, lesson, nonNegative, positive, seed, share, significant, sparkline } from 'ndgrad/command';

const loss = new CrossEntropyLoss();

/** The course starts from small normal weights and biases of 0, and decays the weights alone. */
function weightsAndBiases(model: Module): { weights: Tensor[]; biases: Tensor[] } {
  const [weights, biases] = [[] as Tensor[], [] as Tensor[]];
  for (const [name, parameter] of model.namedParameters()) {
    if (name.endsWith('weight')) weights.push(init.normal_(parameter, { std: 0.01 }));
    else biases.push(init.constant_(parameter, 0));
  }
  return { weights, biases };
}

export const spiralArms = lesson({
  name: 'spiral',
  summary: 'three spiral arms: a linear classifier fails, a network does not',
  options: {
    hidden: count(100, 'hidden units'),
    steps: count(10_000, 'steps of the network'),
    linearSteps: count(200, 'steps of the linear classifier'),
    lr: positive(1, 'learning rate'),
    weightDecay: nonNegative(1e-3, 'λ of the regularisation ½λ‖W‖²'),
    seed: seed(0, 'seed of the data and the weights'),
  },
  goals: { 'linear accuracy': share({ min: 0.49, max: 0.56 }), 'network accuracy': share({ min: 0.98 }) },
  ci: { options: { steps: 2000 }, goals: { 'network accuracy': share({ min: 0.94 }) } },
  async run({ hidden, steps, linearSteps, lr, weightDecay, seed }, { print, training }) {
    manualSeed(seed);
    const { inputs, targets } = spiral(); // [300, 2], [300]
    const batches = [[inputs, targets] as const];
    const train = async (name: string, model: Module, epochs: number) => {
      const { weights, biases } = weightsAndBiases(model);
      const optimizer = new SGD([{ params: weights, weightDecay }, { params: biases }], { lr });
      const { history } = await fit(model, { loss, optimizer, train: batches, epochs, ...training });
      const result = await evaluate(model, batches, { loss });
      const penalty = weights.reduce((sum, w) => sum + 0.5 * weightDecay * w.detach().square().sum().item(), 0);
      print(
        `${name}: loss with ½λ‖W‖² ${significant(result.loss + penalty)}`,
        sparkline(history.map((epoch) => epoch.trainLoss)),
      );
      return result.accuracy!;
    };
    const network = new Sequential(new Linear(2, hidden), new ReLU(), new Linear(hidden, 3));
    return {
      'linear accuracy': await train('linear classifier', new Linear(2, 3), linearSteps),
      'network accuracy': await train('network', network, steps),
    };
  },
});
