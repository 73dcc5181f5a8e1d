import ops from 'ndarray-ops';
import { expanded, type Kernel } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';
import { compiled } from './pointwise.ts';

// A reduction's output has the input's shape, with a 1 in every reduced dim: accumulating through it reduces.

function reduction(name: string, start: number, step: Kernel<readonly number[] | void>): Kernel {
  return {
    name,
    run: ([y], [x]) => {
      ops.assigns(y!, start);
      step.run([expanded(y!, x!.shape)], [x!]);
    },
  };
}

export const sum = reduction('sum', 0, compiled('sum', '_y_ += _a_'));
export const product = reduction('product', 1, compiled('product', '_y_ *= _a_'));
export const any = reduction('any', 0, compiled('any', '_y_ = _y_ !== 0 || _a_ !== 0 ? 1 : 0'));
export const all = reduction('all', 1, compiled('all', '_y_ = _y_ !== 0 && _a_ !== 0 ? 1 : 0'));
// A NaN is taken, and never left again.
export const amax = reduction('amax', -Infinity, compiled('amax', '_y_ = _a_ > _y_ || _a_ !== _a_ ? _a_ : _y_'));
export const amin = reduction('amin', Infinity, compiled('amin', '_y_ = _a_ < _y_ || _a_ !== _a_ ? _a_ : _y_'));

/** Where along `dim` the first best element stands, or the first NaN. */
function position(name: string, better: (value: number, best: number) => boolean): Kernel<{ dim: number }> {
  return {
    name,
    run: ([y], [x], { dim }) => {
      const { size, step } = laneOf(x!, dim);
      const { data } = x!;
      eachLane([y!, x!], dim, (to, from) => {
        let best = data[from]!;
        let at = 0;
        for (let i = 1; i < size && best === best; i++) {
          const value = data[from + i * step]!;
          if (better(value, best) || value !== value) {
            best = value;
            at = i;
          }
        }
        y!.data[to] = at;
      });
    },
  };
}

export const argmax = position('argmax', (value, best) => value > best);
export const argmin = position('argmin', (value, best) => value < best);
