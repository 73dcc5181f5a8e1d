import ops from 'ndarray-ops';
import { type Kernel, viewAs } from './kernel.ts';

/** y is `value`, but for the block from `starts` on, which is x. */
export const pad: Kernel<{ starts: readonly number[]; value: number }> = {
  name: 'pad',
  run: ([y], [x], { starts, value }) => {
    ops.assigns(y!, value);
    const offset = starts.reduce((at, start, d) => at + start * y!.stride[d]!, y!.offset);
    ops.assign(viewAs(y!.data, x!.shape, y!.stride, offset), x!);
  },
};
