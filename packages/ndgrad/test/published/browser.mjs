// Trains on nothing but what browsers have, and leaves what came out in a global.
import { backend, manualSeed } from '@ndgrad/core';
import { spiral } from '@ndgrad/data';
import { decodeNpz, decodeSafetensors, encodeNpz, encodeSafetensors } from '@ndgrad/io';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';

manualSeed(0);
const { inputs, targets } = spiral();
const model = new Sequential(new Linear(2, 100), new ReLU(), new Linear(100, 3));
const criterion = new CrossEntropyLoss();
const optimizer = new SGD(model.parameters(), { lr: 1, weightDecay: 1e-3 });
const losses = [];
for (let step = 0; step <= 250; step++) {
  const loss = criterion.call(model.call(inputs), targets);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 250 === 0) losses.push(loss.item().toFixed(4));
}
const { tensors } = decodeSafetensors(encodeSafetensors(model.stateDict()));
const arrays = decodeNpz(encodeNpz({ inputs }));
globalThis.result = {
  provider: backend().name,
  losses,
  weights: tensors['0.weight'].shape,
  arrays: arrays.inputs.shape,
};
