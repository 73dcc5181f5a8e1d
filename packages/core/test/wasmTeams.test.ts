import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Generator, randn } from '../src/index.ts';
import { allocate, type Nd } from '../src/kernels/kernel.ts';
import { load } from '../src/kernels/wasm/instance.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';
import { together, type Work } from '../src/kernels/wasm/threads.ts';
import { Team } from '../src/kernels/wasm/workers.ts';

const most = vi.hoisted(() => {
  process.env.NDGRAD_THREADS = '4';
  return 4;
});
const chosen = vi.hoisted(() => ({ team: null as unknown }));

// What can be cut is cut, however small, while a team is chosen.
vi.mock('../src/kernels/wasm/threads.ts', async (importActual) => {
  const actual = await importActual<typeof import('../src/kernels/wasm/threads.ts')>();
  const divide = (work: Work) => (chosen.team === null ? actual.divide(work) : together(chosen.team as Team, work));
  return { ...actual, divide };
});

const generator = new Generator(7);

const sameBits = (x: Nd, y: Nd) => x.data.length === y.data.length && x.data.every((v, i) => Object.is(v, y.data[i]));

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 20_000);

const random = (...shape: number[]): Nd => randn(shape, { generator }).ndarray;

/** A launch: what is written (some of it read before), what is read, and the params. */
interface Launched {
  readonly name: string;
  readonly outs: readonly Nd[];
  readonly ins: readonly Nd[];
  readonly params?: unknown;
}

/** What a launch writes, computed by a team, or alone. */
function written({ name, outs, ins, params }: Launched, team: Team | null): Nd[] {
  const ys = outs.map(({ data, shape }) => {
    const y = allocate(shape);
    y.data.set(data);
    return y;
  });
  chosen.team = team;
  try {
    expect(kernels[name]!(ys, ins, params)).toBe(true);
  } finally {
    chosen.team = null;
  }
  return ys;
}

describe('threads', () => {
  const teams: Team[] = [];

  beforeAll(async () => {
    load();
    for (let threads = 1; threads <= most; threads++) teams.push(new Team(threads, () => {}));
    await until(() => teams.every((team, i) => team.ready === i));
  });

  afterAll(() => teams.forEach((team) => team.end()));

  function expectSameBits(launched: Launched) {
    const expected = written(launched, null);
    for (const team of teams) {
      const actual = written(launched, team);
      expected.forEach((y, i) => expect(sameBits(actual[i]!, y)).toBe(true));
    }
  }

  it('of any number compute the same product', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 250 }));
    const depth = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(256, 300));
    fc.assert(
      fc.property(size, depth, size, fc.boolean(), fc.boolean(), (n, k, m, isTransposedA, isTransposedB) => {
        const a = isTransposedA ? random(k, n).transpose(1, 0) : random(n, k);
        const b = isTransposedB ? random(m, k).transpose(1, 0) : random(k, m);
        const batch = ({ data, shape, stride }: Nd) =>
          Object.assign(random(1, ...shape), { data, stride: [0, ...stride] });
        expectSameBits({ name: 'bmm', outs: [random(1, n, m)], ins: [batch(a), batch(b)] });
        expectSameBits({ name: 'affine', outs: [random(1, n, m)], ins: [batch(random(n, m)), batch(a), batch(b)] });
      }),
      { numRuns: 60 },
    );
  });

  it('of any number compute the same, element by element', () => {
    const name = fc.constantFrom('add', 'mul', 'step', 'maximum');
    const way = fc.constantFrom('whole', 'row', 'number');
    fc.assert(
      fc.property(name, way, way, fc.nat({ max: 90 }), fc.integer({ min: 30, max: 70 }), (name, one, other, n, m) => {
        const rows = n + 20;
        const operand = (way: string) => {
          const x = random(way === 'whole' ? rows : 1, way === 'number' ? 1 : m);
          return Object.assign(x, {
            shape: [rows, m],
            stride: [way === 'whole' ? m : 0, way === 'number' ? 0 : 1],
          });
        };
        expectSameBits({ name, outs: [random(rows, m)], ins: [operand(one), operand(other)] });
      }),
      { numRuns: 60 },
    );
  });

  it('of any number take the same steps', () => {
    const sgd = { lr: 0.1, momentum: 0.9, share: 0.8, weightDecay: 0.01, sign: -1, nesterov: true, look: 0.9 };
    const adam = { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01, isDecoupled: false, maximize: true };
    fc.assert(
      fc.property(fc.integer({ min: 512, max: 3000 }), (n) => {
        expectSameBits({ name: 'sgdMomentum', outs: [random(n), random(n)], ins: [random(n)], params: sgd });
        const squares = random(n);
        for (let i = 0; i < n; i++) squares.data[i]! **= 2;
        const outs = [random(n), random(n), squares, random(1)];
        outs[3]!.data[0] = 3;
        expectSameBits({ name: 'adam', outs, ins: [random(n)], params: adam });
      }),
      { numRuns: 20 },
    );
  });

  it('of any number compute the same loss and its gradient', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 300 }), fc.constantFrom('mean', 'none'), (n, reduction) => {
        const [scores, labels] = [random(n, 9), random(n)];
        for (let i = 0; i < n; i++) labels.data[i] = i % 9;
        const g = random(...(reduction === 'none' ? [n] : []));
        const params = { reduction };
        expectSameBits({ name: 'softmaxLoss', outs: [g], ins: [scores, labels], params });
        expectSameBits({ name: 'softmaxLossGradient', outs: [random(n, 9)], ins: [g, scores, labels], params });
      }),
      { numRuns: 20 },
    );
  });

  const batch = fc.integer({ min: 1, max: 19 });
  const channels = fc.integer({ min: 1, max: 9 });
  const size = fc.integer({ min: 3, max: 12 });

  it('of any number compute the same convolutions', () => {
    fc.assert(
      fc.property(
        batch,
        channels,
        channels,
        size,
        fc.constantFrom(1, 2),
        fc.boolean(),
        (n, a, b, size, stride, isTwo) => {
          const groups = isTwo && a % 2 === 0 && b % 2 === 0 ? 2 : 1;
          const blocks = Math.floor((size - 1) / stride) + 1;
          const pair = (value: number) => [value, value];
          const grid = {
            stride: pair(stride),
            dilation: pair(1),
            padding: pair(1),
            kernel: pair(3),
            blocks: pair(blocks),
            groups,
          };
          const [x, y] = [random(n, a, size, size), random(n, b, blocks, blocks)];
          const weight = random(b, a / groups, 3, 3);
          expectSameBits({ name: 'conv', outs: [y], ins: [x, weight, random(b)], params: grid });
          expectSameBits({ name: 'convTranspose', outs: [x], ins: [y, weight, random(a)], params: grid });
          expectSameBits({ name: 'convWeight', outs: [weight, random(b)], ins: [x, y], params: grid });
          const window = { starts: [0, blocks - 1], ends: [1, blocks], step: 1 };
          const pooled = { ...grid, rows: window, columns: window };
          const outs = [random(n, b, 2, 2), random(n, b, 2, 2)];
          expectSameBits({ name: 'convReluMax', outs, ins: [x, weight, random(b)], params: pooled });
          const [values, positions] = [random(n, b, 2, 2), random(n, b, 2, 2)];
          positions.data.forEach((_, i) => {
            positions.data[i] = (i * 7) % blocks ** 2;
          });
          const places = [values, positions];
          const name = 'scatteredConv';
          const [forX, forWeight] = [
            { x: true, weight: false, bias: false },
            { x: false, weight: true, bias: true },
          ];
          const wants = { x: true, weight: true, bias: true };
          expectSameBits({ name, outs: [x], ins: [weight, ...places], params: { ...grid, wants: forX } });
          const ofWeight = [weight, random(b)];
          expectSameBits({ name, outs: ofWeight, ins: [x, ...places], params: { ...grid, wants: forWeight } });
          expectSameBits({ name, outs: [x, ...ofWeight], ins: [x, weight, ...places], params: { ...grid, wants } });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of any number compute the same pools', () => {
    fc.assert(
      fc.property(batch, channels, size, fc.constantFrom(2, 3), (n, c, size, kernel) => {
        const starts = Array.from({ length: Math.floor(size / kernel) }, (_, i) => i * kernel);
        const windows = { starts, ends: starts.map((start) => start + kernel), step: 1 };
        const [x, y] = [random(n, c, size, size), random(n, c, starts.length, starts.length)];
        const params = { rows: windows, columns: windows };
        expectSameBits({ name: 'windowMax', outs: [y, y], ins: [x], params });
        const [, positions] = written({ name: 'windowMax', outs: [y, y], ins: [x], params }, null);
        expectSameBits({ name: 'windowPick', outs: [y], ins: [x, positions!] });
        expectSameBits({ name: 'windowDrop', outs: [x], ins: [y, positions!] });
        const rows = random(n, c, starts.length, size);
        expectSameBits({ name: 'windowSum', outs: [rows], ins: [x], params: { dim: 2, ...windows } });
        expectSameBits({ name: 'windowSpread', outs: [x], ins: [rows], params: { dim: 2, ...windows } });
      }),
      { numRuns: 40 },
    );
  });

  it('do one job after the other', () => {
    const launched = { name: 'bmm', outs: [random(1, 60, 120)], ins: [random(1, 60, 50), random(1, 50, 120)] };
    const expected = written(launched, null)[0]!;
    for (let i = 0; i < 2000; i++) {
      const [y] = written(launched, teams[1 + (i % 3)]!);
      if (i % 50 === 0) expect(sameBits(y!, expected)).toBe(true);
    }
  });

  it('are left in peace where there is no room to tell them what to do', () => {
    const team = new Team(2, () => {});
    Object.assign(team, { tableFor: () => null });
    const launched = { name: 'bmm', outs: [random(1, 60, 120)], ins: [random(1, 60, 50), random(1, 50, 120)] };
    expect(sameBits(written(launched, team)[0]!, written(launched, null)[0]!)).toBe(true);
    team.end();
  });

  it('are not waited for for ever', () => {
    const team = teams[1]!;
    const { state } = team as unknown as { state: Int32Array };
    Atomics.add(state, 2, 1); // as if somebody never left
    const message = 'a thread that computes beside this one does not answer: NDGRAD_THREADS=1 does without';
    expect(() => team.run([], 100)).toThrow(message);
    Atomics.sub(state, 2, 1);
    expect(() => team.run([], 100)).not.toThrow();
  });
});
