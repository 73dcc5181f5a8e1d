import { isContiguous } from '../shape.ts';
import { type Nd, viewAs } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

/** Between which numbers the elements of an array lie. */
export interface Range {
  /** The least and the greatest of the finite ones; `Infinity` and `-Infinity` where there are none. */
  readonly min: number;
  readonly max: number;
  /** How many are NaN, and how many are infinite. */
  readonly nan: number;
  readonly infinite: number;
}

/** Elements in order as a single lane, which is sooner visited. */
const straight = (x: Nd): Nd => (isContiguous(x.shape, x.stride) ? viewAs(x.data, [x.size], [1], x.offset) : x);

/** The range of all elements of a view. */
export function rangeOf(view: Nd): Range {
  const x = straight(view);
  let [min, max, nan, infinite] = [Infinity, -Infinity, 0, 0];
  const dim = x.shape.length - 1;
  const { size, step } = laneOf(x, dim);
  const { data } = x;
  eachLane([x], dim, (start) => {
    for (let i = 0, at = start!; i < size; i++, at += step) {
      const value = data[at]!;
      if (value - value !== 0) {
        if (value !== value) nan++;
        else infinite++;
        continue;
      }
      if (value < min) min = value;
      if (value > max) max = value;
    }
  });
  return { min, max, nan, infinite };
}

/** Whether no element of a view is NaN or infinite. */
export function isFiniteView(view: Nd): boolean {
  const x = straight(view);
  const dim = x.shape.length - 1;
  const { size, step } = laneOf(x, dim);
  const { data } = x;
  let zero = 0; // v·0 is 0, or NaN for what is not finite
  eachLane([x], dim, (start) => {
    for (let i = 0, at = start!; i < size; i++, at += step) zero += data[at]! * 0;
  });
  return zero === 0;
}

/** `[-2.31, 4.5]`, in that many significant digits, or with what is not finite: `[-2.31, 4.5], 3 NaN, 1 infinite`. */
export function formatRange({ min, max, nan, infinite }: Range, digits = 4): string {
  const short = (value: number) => String(Number(value.toPrecision(digits)));
  const parts = min > max ? [] : [`[${short(min)}, ${short(max)}]`];
  if (nan > 0) parts.push(`${nan} NaN`);
  if (infinite > 0) parts.push(`${infinite} infinite`);
  return parts.length > 0 ? parts.join(', ') : 'empty';
}
