/**
 * Backpropagation, node by node, on f = (ax + by)·cz with the loss L = |15 − f|. CS231n, lecture 4.
 *   pnpm train backprop [--lr 0.02 --decay 0.9 --steps 100 --h 1e-5] [--report, which draws the graph]
 *
 * Prints the graph forward and backward, the same gradients by finite differences, and two runs of gradient descent: at
 * a fixed rate f hops to and fro across the kink of |15 − f|, with a decaying rate it comes to rest there.
 */
import * as nd from '@ndgrad/core';
import { graph as drawn } from '@ndgrad/viz/graph';
import { amount, count, counted, fraction, lesson, positive, sparkline, table } from 'ndgrad/command';

const given = { a: 2, b: 5, c: 1, x: 1, y: 2, z: 1 };
const answer = 15;
const formulas: Record<string, string> = { p: 'a·x', q: 'b·y', s: 'p + q', r: 'c·z', f: 's·r', L: `|${answer} − f|` };
const edges = ['fL', 'sf', 'rf', 'ps', 'qs', 'ap', 'xp', 'bq', 'yq', 'cr', 'zr']; // from a node to the one above it

function graph({ a, b, c, x, y, z }: Record<keyof typeof given, nd.TensorLike>) {
  const [p, q, r] = [nd.mul(a, x), nd.mul(b, y), nd.mul(c, z)];
  const s = nd.add(p, q);
  const f = nd.mul(s, r);
  return { p, q, s, r, f, L: nd.abs(nd.sub(answer, f)) };
}

const startingWeights = (requiresGrad: boolean) => nd.tensor([given.a, given.b, given.c], { requiresGrad });
const lossAt = (w: nd.Tensor) => graph({ ...given, a: w.select(0, 0), b: w.select(0, 1), c: w.select(0, 2) }).L;

/** The loss before each step of w ← w − lr · decayᵗ · ∂L/∂w, and after the last. */
async function descend(lr: number, decay: number, steps: number, pause: () => Promise<void>): Promise<number[]> {
  const [w, losses] = [startingWeights(true), [] as number[]];
  while (losses.length <= steps) {
    const L = lossAt(w);
    nd.noGrad(() => w.sub_(nd.mul(nd.grad(L, w)[0]!, lr * decay ** losses.length)));
    losses.push(L.item());
    await pause();
  }
  return losses;
}

export const backprop = lesson({
  name: 'backprop',
  summary: 'the chain rule, node by node, on f = (ax + by)·cz',
  options: {
    lr: positive(0.02, 'learning rate, at the start'),
    decay: fraction(0.9, 'what the decaying rate is multiplied by each step'),
    steps: count(100, 'steps of gradient descent'),
    h: positive(1e-5, 'step of the finite differences'),
  },
  goals: { 'error of central differences': amount({ max: 1e-6 }), 'loss at a decaying rate': amount({ max: 1e-3 }) },
  async run({ lr, decay, steps, h }, { print, pause, report }) {
    const leaves = Object.fromEntries(Object.entries(given).map(([name, v]) => [name, nd.tensor(v).requiresGrad_()]));
    const nodes: Record<string, nd.Tensor> = { ...leaves, ...graph(leaves as Record<keyof typeof given, nd.Tensor>) };
    const values = Object.entries(nodes).map(([name, node]) => [name, formulas[name] ?? 'given', node.item()]);
    print('Forward', table(['node', 'formula', 'value'], values));
    report?.svg('The graph', await drawn(nodes.L!, { names: nodes }).svg(), 'Above: the value; below: ∂L/∂value.');
    for (const node of Object.values(nodes)) node.retainGrad();
    nodes.L!.backward({ retainGraph: true });
    const backward = edges.map(([x, y]) => {
      const above = nodes[y!]!.grad!.item();
      const local = nd.grad(nodes[y!]!, nodes[x!]!, { retainGraph: true })[0]!.item();
      return [`∂L/∂${x}`, `∂L/∂${y}`, above, `∂${y}/∂${x}`, local, above * local, nodes[x!]!.grad!.item()];
    });
    print('', 'Backward', table(['gradient', '= above', '', '· local', '', 'product', 'backward()'], backward));

    const rows = (['forward', 'central'] as const).map((method) => {
      const loss = counted(lossAt);
      const slopes = nd.numericalGradient(loss, startingWeights(false), { h, method });
      const exact = nd.stack([nodes.a!.grad!, nodes.b!.grad!, nodes.c!.grad!]);
      const error = nd.max(nd.abs(nd.sub(slopes, exact))).item();
      return [method, ...Array.from(slopes.toArray(), (slope) => slope.toFixed(12)), error, loss.calls];
    });
    print('', `Finite differences, h = ${h}`, table(['', '∂L/∂a', '∂L/∂b', '∂L/∂c', 'error', 'evaluations'], rows));

    const [fixed, decaying] = [await descend(lr, 1, steps, pause), await descend(lr, decay, steps, pause)];
    const curves = [fixed, decaying].map((losses) => sparkline(losses.slice(0, 60)));
    const first = fixed.slice(0, 8).map((loss, t) => [t, loss, decaying[t]!]);
    print('', `Loss at ${lr} and ${lr} · ${decay}ᵗ, 60 steps`, ...curves, table(['step', 'fixed', 'decaying'], first));
    return { 'error of central differences': rows[1]![4] as number, 'loss at a decaying rate': decaying.at(-1)! };
  },
});
