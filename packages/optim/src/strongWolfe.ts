import type { Tensor } from '@ndgrad/core';

/** What is known of the loss along a line: at the step t the loss, its gradient, and its slope along the line. */
export interface Point {
  readonly t: number;
  readonly loss: number;
  /** Flat. */
  readonly gradient: Tensor;
  /** gradient · direction */
  readonly slope: number;
}

const sufficientDecrease = 1e-4; // c₁
const curvature = 0.9; // c₂
const mostSteps = 25;

/**
 * A step t along a line that satisfies the strong Wolfe conditions
 *
 *   loss(t) ≤ loss(0) + c₁·t·slope(0)      |slope(t)| ≤ −c₂·slope(0),
 *
 * or the best one found in 25 trials: first brackets one, then narrows the bracket by cubic interpolation.
 * @param evaluate the loss at a step
 * @param start the point at t = 0, where the slope is negative
 * @param t the first trial
 * @param reach the largest element of the direction, in absolute value: t · reach is how far a weight moves
 * @param toleranceChange the bracket is not narrowed below this distance
 * @see Nocedal & Wright, Numerical Optimization, algorithms 3.5 and 3.6
 */
export function strongWolfe(
  evaluate: (t: number) => Point,
  start: Point,
  t: number,
  reach: number,
  toleranceChange: number,
): { point: Point; evaluations: number } {
  const fallsTooLittle = (point: Point) => point.loss > start.loss + sufficientDecrease * point.t * start.slope;
  const isFlat = (point: Point) => Math.abs(point.slope) <= -curvature * start.slope;
  let previous = start;
  let point = evaluate(t);
  let steps = 0;
  while (!fallsTooLittle(point) && !(steps > 1 && point.loss >= previous.loss)) {
    if (isFlat(point)) return { point, evaluations: steps + 1 };
    if (point.slope >= 0) break;
    const next = cubicMinimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10);
    previous = point;
    point = evaluate(next);
    if (++steps === mostSteps) {
      previous = start;
      break;
    }
  }

  const bracket: [Point, Point] = [previous, point];
  let low = lower(bracket);
  let stalled = false;
  while (steps < mostSteps && !(Math.abs(bracket[1].t - bracket[0].t) * reach < toleranceChange)) {
    const [left, right] = bracket.map(({ t }) => t).sort((a, b) => a - b) as [number, number];
    const margin = 0.1 * (right - left);
    let next = cubicMinimum(bracket[0], bracket[1], left, right);
    // A trial that hugs an end of the bracket for the second time, or lies on it, is moved inside.
    const hugs = Math.min(right - next, next - left) < margin;
    if (hugs && (stalled || next >= right || next <= left)) {
      next = Math.abs(next - right) < Math.abs(next - left) ? right - margin : left + margin;
      stalled = false;
    } else {
      stalled = hugs;
    }
    point = evaluate(next);
    steps++;
    const high = 1 - low;
    if (fallsTooLittle(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      low = lower(bracket);
    } else {
      if (isFlat(point)) return { point, evaluations: steps + 1 };
      if (point.slope * (bracket[high]!.t - bracket[low]!.t) >= 0) bracket[high] = bracket[low]!;
      bracket[low] = point;
    }
  }
  return { point: bracket[low]!, evaluations: steps + 1 };
}

function lower([a, b]: readonly [Point, Point]): number {
  return a.loss <= b.loss ? 0 : 1;
}

/** Where the cubic through both points, with their slopes, has its minimum, kept in [least, most]; the middle if nowhere. */
function cubicMinimum(a: Point, b: Point, least: number, most: number): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  return Math.min(Math.max(right.t - (right.t - left.t) * share, least), most);
}
