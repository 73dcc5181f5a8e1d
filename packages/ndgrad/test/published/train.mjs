// Trains and uses the installed packages, and prints what came out.
import { backend, manualSeed } from '@ndgrad/core';
import { digits, spiral } from '@ndgrad/data';
import { decodeSafetensors, encodeSafetensors } from '@ndgrad/io';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { exportOnnx } from '@ndgrad/onnx';
import { SGD } from '@ndgrad/optim';
import { evaluate } from '@ndgrad/train';
import { graph, summary } from '@ndgrad/viz';

manualSeed(0);
const { inputs, targets } = spiral();
const model = new Sequential(new Linear(2, 100), new ReLU(), new Linear(100, 3));
const criterion = new CrossEntropyLoss();
const optimizer = new SGD(model.parameters(), { lr: 1, weightDecay: 1e-3 });
const losses = [];
for (let step = 0; step <= 500; step++) {
  const loss = criterion.call(model.call(inputs), targets);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 250 === 0) losses.push(loss.item().toFixed(4));
}
const { accuracy } = await evaluate(model, [[inputs, targets]], { loss: criterion });
const { tensors } = decodeSafetensors(encodeSafetensors(model.stateDict()));
const svg = await graph(criterion.call(model.call(inputs), targets)).svg();
const result = {
  provider: backend().name,
  losses,
  accuracy: accuracy?.toFixed(2),
  digits: digits().length,
  weights: tensors['0.weight']?.shape,
  onnx: new TextDecoder().decode(exportOnnx(model, inputs)).includes('Gemm'),
  summary: summary(model, [1, 2]).parameters,
  svg: svg.includes('</svg>'),
};
console.log(JSON.stringify(result));
