import { isContiguous } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { divisorOf, type LossParams } from '../loss.ts';
import { allOf, FEW } from './elementwise.ts';
import { stage } from './instance.ts';
import { withRoom } from './room.ts';
import { divide } from './threads.ts';

const areContiguous = (...arrays: readonly Nd[]): boolean => arrays.every((x) => isContiguous(x.shape, x.stride));

/** How long a score takes, in nanoseconds, about. */
const NANOS = 4;

const softmaxLoss: Attempt = ([y], [x, labels], params) => {
  const { reduction } = params as LossParams;
  if (x!.size < FEW || !areContiguous(y!, x!, labels!)) return false;
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
  if (x!.size < FEW || !areContiguous(gx!, g!, x!, labels!)) return false;
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
        return [
          [
            ...([
              'softmaxLossGradient',
              count,
              classes,
              inner,
              scales!.byteOffset + gStep * first * inner,
              gStep,
            ] as const),
            ...([atX + from, atLabels + perSample, atGx + from] as const),
          ],
        ];
      },
    });
    staged.finish();
    return true;
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { softmaxLoss, softmaxLossGradient };
