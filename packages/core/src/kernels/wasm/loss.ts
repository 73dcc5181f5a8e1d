import { isContiguous } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { divisorOf, type LossParams } from '../loss.ts';
import { allOf, FEW } from './elementwise.ts';
import type { Call } from './functions.ts';
import { stage } from './instance.ts';
import { withRoom } from './room.ts';
import { divide } from './threads.ts';

/** Whether there are enough scores, all arrays lie in order, and labels are labels: where they lead to is written to. */
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

/**
 * Cuts the work on scores [n, classes, inner] along n. `places` gives the addresses for what begins so many bytes of
 * scores, and of labels, later.
 */
function divideSamples(
  name: 'softmaxLoss' | 'softmaxLossGradient',
  { shape, size }: Nd,
  places: (scores: number, samples: number) => readonly number[],
): void {
  const [n, classes, inner = 1] = shape as [number, number, number?];
  divide({
    name,
    nanos: NANOS * size,
    parts: n,
    grain: 1,
    calls: (first, count) => [
      [name, count, classes, inner, ...places(8 * first * classes * inner, 8 * first * inner)] as unknown as Call,
    ],
  });
}

const softmaxLoss: Attempt = ([y], [x, labels], params) => {
  const { reduction } = params as LossParams;
  if (!fits(x!, labels!, y!)) return false;
  return withRoom([labels!.size, x!.size], (losses, exponentials) => {
    const staged = stage([x!, labels!].map(allOf), []);
    if (staged === null) return false;
    const [atX, atLabels] = staged.ins as [number, number];
    divideSamples('softmaxLoss', x!, (scores, samples) => [
      ...[atX + scores, atLabels + samples],
      ...[exponentials!.byteOffset + scores, losses!.byteOffset + samples],
    ]);
    staged.finish();
    const { data, offset } = y!;
    if (reduction === 'none') data.set(losses!, offset);
    else data[offset] = losses!.reduce((sum, loss) => sum + loss, 0) / divisorOf(reduction, labels!);
    return true;
  });
};

const softmaxLossGradient: Attempt = ([gx], [g, x, labels], params) => {
  const { reduction } = params as LossParams;
  if (!fits(x!, labels!, gx!, g!)) return false;
  return withRoom([g!.size], (scales) => {
    const staged = stage([x!, labels!].map(allOf), [allOf(gx!)]);
    if (staged === null) return false;
    const [atX, atLabels] = staged.ins as [number, number];
    const divisor = divisorOf(reduction, labels!);
    for (let i = 0; i < g!.size; i++) scales![i] = g!.data[g!.offset + i]! / divisor;
    const isOne = reduction !== 'none'; // one scale for all samples
    divideSamples('softmaxLossGradient', x!, (scores, samples) => [
      ...[scales!.byteOffset + (isOne ? 0 : samples), isOne ? 0 : 8],
      ...[atX + scores, atLabels + samples, staged.outs[0]! + scores],
    ]);
    staged.finish();
    return true;
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { softmaxLoss, softmaxLossGradient };
