/** Points of a curve, by their coordinates. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * A curve of any length in bounded memory: each point is the mean of as many neighbours as are needed to keep the curve
 * below twice `capacity` points.
 */
export class MeanCurve {
  private readonly points: { x: number; y: number; count: number }[] = [];
  private perPoint = 1;

  constructor(private readonly capacity = 200) {}

  add(x: number, y: number): void {
    const last = this.points.at(-1);
    if (last !== undefined && last.count < this.perPoint) merge(last, { x, y, count: 1 });
    else this.points.push({ x, y, count: 1 });
    if (this.points.length >= 2 * this.capacity) this.halve();
  }

  /** At most `most` points (default: all that were kept). */
  get(most = Number.POSITIVE_INFINITY): Points {
    return pointsOf(thinned(this.points, most));
  }

  private halve(): void {
    this.perPoint *= 2;
    const merged = pairs(this.points);
    this.points.splice(0, this.points.length, ...merged);
  }
}

interface Mean {
  x: number;
  y: number;
  count: number;
}

/** The last of an odd number stays alone. */
function pairs(points: readonly Mean[]): Mean[] {
  return Array.from({ length: Math.ceil(points.length / 2) }, (_, i) => {
    const first = { ...points[2 * i]! };
    const second = points[2 * i + 1];
    if (second !== undefined) merge(first, second);
    return first;
  });
}

function merge(into: Mean, { x, y, count }: Mean): void {
  const all = into.count + count;
  into.x += ((x - into.x) * count) / all;
  into.y = (into.y * into.count + y * count) / all;
  into.count = all;
}

const pointsOf = (points: readonly { x: number; y: number }[]): Points => ({
  x: points.map(({ x }) => x),
  y: points.map(({ y }) => y),
});

/**
 * What was seen at some of the steps 1, 2, 3, …, evenly spaced and at most twice `capacity` of them: whenever there are
 * too many, every other is forgotten, and from then on half as many are wanted.
 */
export class Samples<T> {
  private kept: { step: number; value: T }[] = [];
  private every: number;

  /** @param planned how many steps there will be, if that is known: so few samples need to be forgotten */
  constructor(
    planned: number | null = null,
    private readonly capacity = 64,
  ) {
    this.every = Math.max(1, Math.ceil((planned ?? 0) / (2 * capacity)));
  }

  /** Whether the sample of this step is to be added. */
  wants(step: number): boolean {
    return (step - 1) % this.every === 0;
  }

  add(step: number, value: T): void {
    this.kept.push({ step, value });
    if (this.kept.length < 2 * this.capacity) return;
    this.every *= 2;
    this.kept = this.kept.filter((sample) => this.wants(sample.step));
  }

  get(): readonly { step: number; value: T }[] {
    return this.kept;
  }
}

/** Whether a step is one of 1, 4, 16, 64, …: where training is looked at closely. */
export function isLandmark(step: number): boolean {
  return step > 0 && Number.isInteger(Math.log2(step) / 2);
}

/** At most `most` of the items, evenly spaced, the first and the last among them. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  if (most <= 1) return items.slice(0, most);
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}

/** Some of a curve's points, the first and the last among them. */
export function thinnedPoints({ x, y }: Points, most: number): Points {
  const kept = thinned(Array.from(x.keys()), most);
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) };
}

/** `n` significant digits, as a number. */
export function rounded(value: number, n = 5): number {
  return Number.isFinite(value) ? Number(value.toPrecision(n)) : value;
}
