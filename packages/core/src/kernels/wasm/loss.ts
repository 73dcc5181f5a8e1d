import { isContiguous } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { divisorOf, type LossParams } from '../loss.ts';
import { allOf, FEW } from './elementwise.ts';
import { stage } from './instance.ts';
import { withRoom } from './room.ts';
import { divide } from './threads.ts';

/** Whether there are enough scores, all arrays lie in order, and the labels are labels: what they lead to is written to. */
function fits(x: Nd, labels: Nd, ...others: readonly Nd[]): boolean {
  if (x.size < FEW || [x, labels, ...others].some(({ shape, stride }) => !isContiguous(shape, stride))) return false;
  const [{ data, offset, size }, classes] = [labels, x.shape[1]!];
  for (let i = offset; i < offset + size; i++) {
    const label = data[i]!;
    if (!(label >= 0 && label < classes && Number.isInteger(label))) return false;
  }
  return true;
}

/** How long a score takes, in nanoseconds, about. */
const NANOS = 4;

const softmaxLoss: Attempt = ([y], [x, labels], params) => {
  const { reduction } = params as LossParams;
  if (!fits(x!, labels!, y!)) return false;
  const [n, classes, inner = 1] = x!.shape as [number, number, number?];
  return withRoom([labels!.size, x!.size], (losses, exponentials) => {
    const staged = stage([x!, labels!].map(allOf), []);
    if (staged === null) return false;
    const [atX, atLabels] = staged.ins as [number, number];
    divide({
      name: 'softmaxLoss',
      nanos: NANOS * x!.size,
      parts: n,
      grain: 1,
      calls(first, count) {
        const [from, perSample] = [8 * first * classes * inner, 8 * first * inner];
        const to = [exponentials!.byteOffset + from, losses!.byteOffset + perSample] as const;
        return [['softmaxLoss', count, classes, inner, atX + from, atLabels + perSample, ...to]];
      },
    });
    staged.finish();
    const { data, offset } = y!;
    if (reduction === 'none') data.set(losses!, offset);
    else data[offset] = sumOf(losses!) / divisorOf(reduction, labels!);
    return true;
  });
};

function sumOf(numbers: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!;
  return sum;
}

const softmaxLossGradient: Attempt = ([gx], [g, x, labels], params) => {
  const { reduction } = params as LossParams;
  if (!fits(x!, labels!, gx!, g!)) return false;
  const [n, classes, inner = 1] = x!.shape as [number, number, number?];
  return withRoom([g!.size], (scales) => {
    const staged = stage([x!, labels!].map(allOf), [allOf(gx!)]);
    if (staged === null) return false;
    const [[atX, atLabels], [atGx]] = [staged.ins, staged.outs] as unknown as [[number, number], [number]];
    const gStep = reduction === 'none' ? 8 : 0;
    for (let i = 0; i < g!.size; i++) scales![i] = g!.data[g!.offset + i]! / divisorOf(reduction, labels!);
    divide({
      name: 'softmaxLossGradient',
      nanos: NANOS * x!.size,
      parts: n,
      grain: 1,
      calls(first, count) {
        const [from, perSample] = [8 * first * classes * inner, 8 * first * inner];
        const places = [scales!.byteOffset + gStep * first * inner, gStep, atX + from, atLabels + perSample] as const;
        return [['softmaxLossGradient', count, classes, inner, ...places, atGx + from]];
      },
    });
    staged.finish();
    return true;
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { softmaxLoss, softmaxLossGradient };
