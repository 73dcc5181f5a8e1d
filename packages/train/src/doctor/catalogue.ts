/** How bad a finding is: training can't succeed; it will suffer; good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** What is said of a finding, whatever its numbers. */
export interface Entry {
  readonly severity: Severity;
  readonly title: string;
  readonly fix: string;
  /** Where the course teaches it. */
  readonly lecture: string;
  /** What else it makes happen: those findings are told as its consequences. They stand below it in the catalogue. */
  readonly explains: readonly string[];
}

const babysitting = 'CS231n, lecture 6, "Babysitting the learning process"';
const sanity = 'CS231n, "Neural networks part 3", sanity checks';
const preprocessing = 'CS231n, lecture 6, "Data preprocessing"';
const activations = 'CS231n, lecture 6, "Activation functions"';
const initialisation = 'CS231n, lecture 6, "Weight initialization"';
const loop = 'CS231n, lecture 8, "Deep learning software": the training loop';
const splits = 'CS231n, lecture 2, "Setting hyperparameters": train, validation, test';

const learning = [
  'learning-rate-too-high',
  'learning-rate-too-low',
  'update-ratio-out-of-band',
  'cannot-overfit-tiny-batch',
] as const;
const gradients = ['vanishing-gradients', 'exploding-gradients', ...learning] as const;
const layers = ['dead-relus', 'saturated-units', ...gradients] as const;

/** Every finding there is, causes above their consequences. */
export const catalogue = {
  'nan-in-inputs': {
    severity: 'error',
    title: 'The data hold numbers that are NaN or infinite',
    fix: 'drop or fill those rows before training; fitStandardizer and readCsv refuse them',
    lecture: preprocessing,
    explains: [],
  },
  'labels-out-of-range': {
    severity: 'error',
    title: 'Labels are not whole numbers of [0, C), with C the outputs of the model',
    fix: 'number the classes 0 … C − 1 (labels of 1 … C need 1 subtracted), or give the last layer one output per class',
    lecture: 'CS231n, lecture 3, the softmax and SVM losses',
    explains: ['unbalanced-labels'],
  },
  'constant-inputs': {
    severity: 'warning',
    title: 'Most input features are the same in every row',
    fix: 'look at the data as it leaves the loader: a wrong column, slice or scale; drop features that never change',
    lecture: preprocessing,
    explains: ['unnormalised-inputs', ...learning],
  },
  'unnormalised-inputs': {
    severity: 'warning',
    title: 'The inputs are far from mean 0 and standard deviation 1',
    fix: 'fitStandardizer(train).applyTo(dataset), fitted on the training part alone; pixels of 0 … 255: divide by 255',
    lecture: preprocessing,
    explains: ['initial-loss', ...layers],
  },
  'unbalanced-labels': {
    severity: 'warning',
    title: 'The classes are heavily unbalanced',
    fix: 'weigh them (new CrossEntropyLoss({ weight })), draw the rare ones more often, and judge by each class’s own accuracy',
    lecture: splits,
    explains: [],
  },
  'shared-rows': {
    severity: 'error',
    title: 'Rows of the validation data are training rows, too',
    fix: 'split once, before anything else, with randomSplit; drop duplicates first',
    lecture: splits,
    explains: [],
  },
  'eval-mode-while-training': {
    severity: 'error',
    title: 'Modules are in evaluation mode while they are trained',
    fix: 'call model.train() before the loop, and again after each evaluation',
    lecture: 'CS231n, lecture 7, dropout and batch normalisation at training and at test time',
    explains: [],
  },
  'train-mode-while-evaluating': {
    severity: 'error',
    title: 'The model is evaluated in training mode',
    fix: 'call model.eval() before and model.train() after, or use evaluate(), which does both',
    lecture: 'CS231n, lecture 7, dropout and batch normalisation at training and at test time',
    explains: [],
  },
  'batch-of-one': {
    severity: 'warning',
    title: 'Batch normalisation gets batches of a single row',
    fix: 'take a larger batchSize, { dropLast: true } for a last batch of one row, or LayerNorm',
    lecture: 'CS231n, lecture 6, "Batch normalization"',
    explains: [],
  },
  'missing-zero-grad': {
    severity: 'error',
    title: 'Gradients add up from step to step',
    fix: 'call optimizer.zeroGrad() before each backward()',
    lecture: loop,
    explains: [],
  },
  'parameter-without-gradient': {
    severity: 'error',
    title: 'Parameters get no gradient',
    fix: 'use them in forward, without detach(), item() or noGrad on the way to the loss; or freeze them: requiresGrad_(false)',
    lecture: loop,
    explains: [...layers],
  },
  'parameter-not-in-optimizer': {
    severity: 'error',
    title: 'Parameters of the model are not in the optimizer',
    fix: 'make the optimizer of model.parameters(), after the last layer is in place; or freeze them: requiresGrad_(false)',
    lecture: loop,
    explains: [...learning],
  },
  'optimizer-parameter-not-in-model': {
    severity: 'warning',
    title: 'The optimizer has parameters that are not the model’s',
    fix: 'make the optimizer of model.parameters(), after the last layer is in place',
    lecture: loop,
    explains: [],
  },
  'softmax-before-cross-entropy': {
    severity: 'error',
    title: 'The model gives probabilities to a loss that takes scores',
    fix: 'leave out the softmax (or sigmoid) at the end: the loss applies it itself',
    lecture: 'CS231n, lecture 3, the softmax loss',
    explains: ['initial-loss', ...gradients],
  },
  'gradient-mismatch': {
    severity: 'error',
    title: 'The gradients are not those of the loss',
    fix: 'check the backward rules of your own operations with gradcheck(), and look for detach() on the way',
    lecture: 'CS231n, "Neural networks part 3", gradient checks',
    explains: [...gradients],
  },
  'dead-relus': {
    severity: 'warning',
    title: 'ReLU units give 0 to every row',
    fix: 'smaller or differently drawn initial weights (kaimingNormal_), biases not far below 0, a lower learning rate, or LeakyReLU',
    lecture: activations,
    explains: [...gradients],
  },
  'saturated-units': {
    severity: 'warning',
    title: 'Sigmoid or tanh units are saturated, where their slope is nearly 0',
    fix: 'smaller initial weights (xavierNormal_), normalised inputs, or batch normalisation in front',
    lecture: initialisation,
    explains: ['initial-loss', ...gradients],
  },
  'initial-loss': {
    severity: 'warning',
    title: 'The loss does not begin at chance',
    fix: 'draw the last layer’s weights smaller; scores near 0 give ln C (softmax) or C − 1 (SVM)',
    lecture: sanity,
    explains: ['exploding-gradients', ...learning],
  },
  'vanishing-gradients': {
    severity: 'warning',
    title: 'Gradients vanish on the way to the first layers',
    fix: 'initial weights by fan-in (kaimingNormal_, xavierNormal_), ReLU instead of sigmoid, or batch normalisation',
    lecture: initialisation,
    explains: [...learning],
  },
  'exploding-gradients': {
    severity: 'warning',
    title: 'Gradients grow on the way to the first layers',
    fix: 'initial weights by fan-in (kaimingNormal_, xavierNormal_), batch normalisation, or clipGradNorm_',
    lecture: initialisation,
    explains: [...learning],
  },
  'learning-rate-too-high': {
    severity: 'error',
    title: 'The learning rate is too high',
    fix: 'lower lr to a rate at which the loss falls, see the evidence',
    lecture: babysitting,
    explains: ['update-ratio-out-of-band'],
  },
  'learning-rate-too-low': {
    severity: 'warning',
    title: 'The learning rate is too low',
    fix: 'raise lr: the loss barely moves at this one, and falls at the larger ones of the evidence',
    lecture: babysitting,
    explains: ['update-ratio-out-of-band'],
  },
  'update-ratio-out-of-band': {
    severity: 'warning',
    title: 'A layer’s updates are far from a thousandth of its weights',
    fix: 'give its parameter group another lr, or draw its weights at another scale',
    lecture: 'CS231n, "Neural networks part 3", ratio of updates to weights',
    explains: [],
  },
  'regularisation-does-not-raise-loss': {
    severity: 'error',
    title: 'Regularisation has no effect',
    fix: 'add the penalty to the loss that is differentiated, or give weightDecay to the optimizer’s groups',
    lecture: sanity,
    explains: [],
  },
  'cannot-overfit-tiny-batch': {
    severity: 'error',
    title: 'The model can’t learn even a few rows by heart',
    fix: 'look at the model: outputs that can’t take the targets’ values, layers cut off, too few units',
    lecture: babysitting,
    explains: [],
  },
} as const satisfies Record<string, Entry>;

/** What a finding is called. */
export type Code = keyof typeof catalogue;

export const codes = Object.keys(catalogue) as Code[];

export function entryOf(code: Code): Entry {
  return catalogue[code];
}
