// The half of with-pytorch.py that runs here: writes weights for PyTorch to read, and reads what PyTorch wrote.
//   node --import tsx packages/io/scripts/with-pytorch.ts write FOLDER
//   node --import tsx packages/io/scripts/with-pytorch.ts read FOLDER
import { join } from 'node:path';
import { allclose, manualSeed, noGrad, randn, sub, type Tensor } from '@ndgrad/core';
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  GELU,
  LayerNorm,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
  Tanh,
} from '@ndgrad/nn';
import { loadNpy, loadNpz, loadWeights, saveNpy, saveNpz, saveWeights } from '../src/index.ts';

/** The models that with-pytorch.py builds too, under these names, with the shape of their inputs. */
const models: Record<string, { build: () => Sequential; input: number[] }> = {
  mlp: {
    build: () => new Sequential(new Linear(20, 30), new BatchNorm1d(30), new Tanh(), new Dropout(), new Linear(30, 5)),
    input: [16, 20],
  },
  convnet: {
    build: () =>
      new Sequential(
        new Conv2d(3, 8, 3, { padding: 1 }),
        new BatchNorm2d(8),
        new ReLU(),
        new MaxPool2d(2),
        new Conv2d(8, 4, 3, { bias: false }),
        new GELU(),
        new Flatten(),
        new LayerNorm(16),
        new Linear(16, 10),
      ),
    input: [6, 3, 8, 8],
  },
};

const [command, folder = '.'] = process.argv.slice(2);
if (command === 'write') await write();
else if (command === 'read') await read();
else throw new Error(`write or read, not ${command}`);

/** Models that have seen some batches, so that their running statistics have moved; what they compute; and arrays. */
async function write(): Promise<void> {
  manualSeed(0);
  for (const [name, { build, input }] of Object.entries(models)) {
    const model = build();
    for (let i = 0; i < 3; i++) noGrad(() => model.call(randn(input)));
    const x = randn(input);
    await saveWeights(model, join(folder, `${name}.safetensors`), { metadata: { model: name } });
    await saveNpz(join(folder, `${name}.npz`), { x, y: noGrad(() => model.eval().call(x)) });
  }
  const arrays = { 'a.b': randn([3, 4]), 'c/d': randn([]), größe: randn([0, 2]) };
  await saveNpz(join(folder, 'stored.npz'), arrays);
  await saveNpz(join(folder, 'compressed.npz'), arrays, { compressed: true });
  await saveNpy(join(folder, 'array.npy'), arrays['a.b']);
}

/** The same of PyTorch's, `theirs-*`: its weights in our models must compute what they computed there. */
async function read(): Promise<void> {
  for (const [name, { build }] of Object.entries(models)) {
    for (const dtype of ['', '-f32']) {
      const model = build();
      const { metadata, keys } = await loadWeights(model, join(folder, `theirs-${name}${dtype}.safetensors`));
      const { x, y } = await loadNpz(join(folder, `theirs-${name}${dtype}.npz`));
      const found = noGrad(() => model.eval().call(x!));
      report(`${name}${dtype}: ${keys.length} tensors of PyTorch (${metadata.format}) here`, found, y!, 1e-12);
    }
  }
  const ours = await loadNpz(join(folder, 'stored.npz'));
  const theirs = await loadNpz(join(folder, 'theirs-again.npz')); // our arrays, read and written by NumPy
  for (const [name, x] of Object.entries(ours)) report(`array ${name} through NumPy`, theirs[name]!, x, 0);
  report('array.npy through NumPy', await loadNpy(join(folder, 'theirs-again.npy')), ours['a.b']!, 0);
}

function report(what: string, found: Tensor, wanted: Tensor, tolerance: number): void {
  const largest = found.numel() === 0 ? 0 : sub(found, wanted).abs().max().item();
  console.log(`${what}: shape [${found.shape.join(', ')}], largest difference ${largest}`);
  if (found.shape.join() === wanted.shape.join() && allclose(found, wanted, { rtol: 0, atol: tolerance })) return;
  throw new Error(`${what}: more than ${tolerance}`);
}
