import * as nd from '../src/index.ts';
import {
  along,
  backwards,
  type Case,
  distinct,
  draw,
  each,
  index,
  pairs,
  positive,
  reductions,
  transposed,
  wanting,
} from './inputs.ts';

/** For every differentiable operation, where its gradients are checked. */
export const cases: Record<string, Case[]> = {
  // broadcast
  expand: [
    [(x) => nd.expand(x, [2, 3, 4]), draw([3, 1])],
    [(x) => nd.expand(x, [2, -1]), transposed(draw([3, 1]))],
    [(x) => nd.expand(x, [2, 2]), draw([])],
    [(x) => nd.expand(x, [0, 3]), draw([1, 3])],
  ],
  broadcastTo: [[(x) => nd.broadcastTo(x, [2, 3, 2]), draw([1, 2])]],

  // linear
  linearMap: [
    [nd.linearMap, draw([4, 3]), draw([2, 3])],
    [nd.linearMap, transposed(draw([3, 4])), transposed(draw([3, 2]))],
    [nd.linearMap, draw([0, 3]), draw([2, 3])],
  ],
  affineMap: [
    [nd.affineMap, draw([4, 3]), draw([2, 3]), draw([2])],
    [nd.affineMap, transposed(draw([3, 4])), draw([1, 3]), draw([1])],
    [nd.affineMap, draw([0, 3]), draw([2, 3]), draw([2])],
  ],

  // softmaxLoss
  softmaxLoss: (['none', 'mean', 'sum'] as const).flatMap((reduction): Case[] => [
    [(x) => nd.softmaxLoss(x, nd.tensor([0, 3, 1]), { reduction }), draw([3, 4])],
    [(x) => nd.softmaxLoss(x, nd.tensor([0, 3, 1]), { reduction }), transposed(draw([4, 3]))],
    [
      (x) =>
        nd.softmaxLoss(
          x,
          nd.tensor([
            [2, 0],
            [1, 1],
          ]),
          { reduction },
        ),
      draw([2, 3, 2]),
    ],
  ]),

  // pointwise
  add: [...pairs((a, b) => nd.add(a, b)), ...pairs((a, b) => nd.add(a, b, { alpha: -1.5 }))],
  sub: [...pairs((a, b) => nd.sub(a, b)), ...pairs((a, b) => nd.sub(a, b, { alpha: 3 }))],
  mul: pairs(nd.mul),
  div: [
    ...pairs((a, b) => nd.div(a, b), [-2, 2], [0.5, 2]),
    ...pairs((a, b) => nd.div(a, b, { roundingMode: 'trunc' }), [6.1, 6.9], [1.1, 1.2]),
  ],
  pow: [
    ...pairs(nd.pow, [0.5, 2], [-2, 2]),
    ...each((x) => nd.pow(x, 3)),
    ...each((x) => nd.pow(x, -2), 0.5, 2),
    ...each((x) => nd.pow(2, x)),
    [(x) => nd.pow(x, 2), wanting(nd.tensor([0, -1, 2]))],
  ],
  maximum: [
    [nd.maximum, distinct([2, 3]), distinct([2, 3]).detach().add(0.2).requiresGrad_()],
    ...pairs(nd.maximum, [-2, -0.1], [0.1, 2]),
  ],
  minimum: [
    [nd.minimum, distinct([2, 3]), distinct([2, 3]).detach().add(0.2).requiresGrad_()],
    ...pairs(nd.minimum, [-2, -0.1], [0.1, 2]),
  ],
  clamp: [
    [(x, min, max) => nd.clamp(x, { min, max }), distinct([2, 4]), draw([1, 4], -0.3, -0.25), draw([2, 1], 0.25, 0.3)],
    [(x, min, max) => nd.clamp(x, { min, max }), distinct([4]), draw([], 0.25, 0.3), draw([], -0.3, -0.25)],
    ...each((x) => nd.clamp(x, { min: 0 }), 0.1, 2),
    ...each((x) => nd.clamp(x, { max: 0.1 }), 0.2, 2),
  ],
  where: [
    [(a, b) => nd.where(nd.tensor([1, 0, 1]), a, b), draw([2, 1]), draw([3])],
    [(a) => nd.where(nd.tensor([[1], [0]]), a, 2), draw([2, 3])],
    [(b) => nd.where(nd.tensor(0), 1, b), draw([])],
  ],
  neg: each(nd.neg),
  abs: [...each(nd.abs, 0.1, 2), ...each(nd.abs, -2, -0.1)],
  sign: each(nd.sign, 0.1, 2),
  square: each(nd.square),
  sqrt: each(nd.sqrt, 0.5, 2),
  rsqrt: each(nd.rsqrt, 0.5, 2),
  reciprocal: each(nd.reciprocal, -2, -0.5),
  exp: each(nd.exp),
  exp2: each(nd.exp2),
  expm1: each(nd.expm1),
  log: each(nd.log, 0.5, 2),
  log1p: each(nd.log1p, -0.5, 2),
  log2: each(nd.log2, 0.5, 2),
  sin: each(nd.sin),
  cos: each(nd.cos),
  tan: each(nd.tan, -1, 1),
  asin: each(nd.asin, -0.8, 0.8),
  acos: each(nd.acos, -0.8, 0.8),
  atan: each(nd.atan),
  sinh: each(nd.sinh),
  cosh: each(nd.cosh),
  tanh: each(nd.tanh),
  sigmoid: each(nd.sigmoid),
  erf: each(nd.erf),
  erfc: each(nd.erfc),
  clone: each(nd.clone),

  // rounding
  floor: each(nd.floor, 0.1, 0.9),
  ceil: each(nd.ceil, 0.1, 0.9),
  trunc: each(nd.trunc, 0.1, 0.9),
  round: each((x) => nd.round(x, { decimals: 1 }), 0.06, 0.14),
  fmod: pairs(nd.fmod, [-6.9, -6.1], [1.1, 1.2]),
  remainder: pairs(nd.remainder, [-6.9, -6.1], [1.1, 1.2]),

  // reduce
  sum: reductions(nd.sum),
  mean: reductions(nd.mean),
  amax: reductions(nd.amax, distinct).filter(([, x]) => x.numel() > 0),
  amin: reductions(nd.amin, distinct).filter(([, x]) => x.numel() > 0),
  max: along((x, dim) => (dim === null ? nd.max(x) : nd.max(x, { dim }).values), distinct),
  min: along((x, dim) => (dim === null ? nd.min(x) : nd.min(x, { dim, keepdim: true }).values), distinct),

  // cumulative
  cumsum: along((x, dim) => nd.cumsum(x, dim ?? 0)),
  cumprod: [
    ...along((x, dim) => nd.cumprod(x, dim ?? 0)),
    [(x) => nd.cumprod(x, 0), wanting(nd.tensor([2, 0, 3, 0, 5]))],
  ],
  prod: [
    ...along((x, dim) => nd.prod(x, { dim })),
    [
      (x) => nd.prod(x, { dim: 1, keepdim: true }),
      wanting(
        nd.tensor([
          [2, 0, 3],
          [0, 0, 4],
          [1, 2, 3],
        ]),
      ),
    ],
    [(x) => nd.prod(x), wanting(nd.tensor([2, 0, 3]))],
  ],

  // statistics and norms
  variance: [
    ...reductions((x, options) => nd.variance(x, { ...options, correction: 0 })).filter(([, x]) => x.numel() > 0),
    [(x) => nd.variance(x), draw([2, 3])],
    [(x) => nd.variance(x, { unbiased: false }), draw([3])],
    [(x) => nd.variance(x, { dim: 1, correction: 2, keepdim: true }), draw([2, 4])],
  ],
  var: [[(x) => nd.var(x), draw([4])]],
  std: [
    ...reductions((x, options) => nd.std(x, { ...options, correction: 0 }), distinct).filter(
      ([, x]) => x.numel() > 3 && x.shape[1] !== 1,
    ),
    [(x) => nd.std(x, { unbiased: true }), distinct([3])],
  ],
  norm: [
    ...reductions(nd.norm, positive),
    ...[0, 0.5, 1, 1.5, 2.5, 3, -1, Infinity, -Infinity].flatMap((p): Case[] => [
      [(x) => nd.norm(x, { p }), distinct([2, 2]).detach().add(0.05).requiresGrad_()],
      [(x) => nd.norm(x, { p, dim: 0, keepdim: true }), transposed(distinct([2, 3]).detach().add(0.05))],
    ]),
    [(x) => nd.norm(x, { p: 'fro' }), draw([])],
  ],

  // softmax
  softmax: along((x, dim) => nd.softmax(x, dim ?? 0)),
  logSoftmax: along((x, dim) => nd.logSoftmax(x, dim ?? 0)),
  logsumexp: reductions((x, { dim, ...options }) => nd.logsumexp(x, dim ?? [], options)).filter(
    ([, x]) => x.numel() > 0,
  ),

  // products
  matmul: [
    [nd.matmul, draw([3]), draw([3])],
    [nd.matmul, draw([2, 3]), draw([3])],
    [nd.matmul, draw([3]), draw([2, 3, 2])],
    [nd.matmul, draw([2, 3]), transposed(draw([2, 3]))],
    [nd.matmul, draw([2, 2, 3]), draw([3, 2])],
    [nd.matmul, draw([2, 1, 2, 3]), backwards(draw([2, 3, 2]))],
    [nd.matmul, draw([2, 0]), draw([0, 3])],
  ],
  mm: [[nd.mm, transposed(draw([3, 2])), draw([3, 1])]],
  bmm: [[nd.bmm, draw([2, 1, 3]), backwards(draw([2, 3, 2]))]],
  mv: [[nd.mv, draw([2, 3]), draw([3])]],
  dot: [
    [nd.dot, draw([3]), backwards(draw([3]))],
    [nd.dot, draw([0]), draw([0])],
  ],
  outer: [[nd.outer, draw([2]), backwards(draw([3]))]],
  addmm: [
    [(x, a, b) => nd.addmm(x, a, b, { beta: 0.5, alpha: -2 }), draw([3]), draw([2, 2]), transposed(draw([3, 2]))],
    [(x, a, b) => nd.addmm(x, a, b), draw([]), draw([2, 2]), draw([2, 3])],
    [(x, a, b) => nd.addmm(x, a, b, { beta: 0 }), draw([2, 1]), draw([2, 2]), draw([2, 3])],
  ],
  baddbmm: [
    [(x, a, b) => nd.baddbmm(x, a, b, { beta: 2 }), draw([2, 1]), draw([2, 2, 2]), draw([2, 2, 1])],
    [(x, a, b) => nd.baddbmm(x, a, b), draw([2, 2, 1]), draw([2, 2, 2]), draw([2, 2, 1])],
  ],
  einsum: [
    [(a, b) => nd.einsum('ij,jk->ik', a, b), draw([2, 3]), transposed(draw([2, 3]))],
    [(a) => nd.einsum('iij->j', a), draw([2, 2, 3])],
    [(a, b) => nd.einsum('...ij,jk', a, b), draw([2, 1, 3]), draw([3, 2])],
    [(a, b, c) => nd.einsum('i,ij,kj->k', a, b, c), draw([2]), draw([2, 3]), draw([2, 1])],
    [(a, b) => nd.einsum('bi,bi->bi', a, b), draw([2, 3]), draw([1, 3])],
    [(a) => nd.einsum('->', a), draw([])],
  ],

  // view
  reshape: each((x) => nd.reshape(x, [-1, 1])).filter(([, x]) => x.numel() > 0),
  permute: [
    [(x) => nd.permute(x, [2, 0, 1]), draw([2, 3, 1])],
    [(x) => nd.permute(x, [-1, 0]), transposed(draw([2, 3]))],
    [(x) => nd.permute(x, []), draw([])],
  ],
  transpose: [
    [(x) => nd.transpose(x, 0, -1), draw([2, 3, 2])],
    [(x) => nd.transpose(x, 0, 0), draw([])],
  ],
  t: [
    [nd.t, draw([2, 3])],
    [nd.t, draw([2])],
    [nd.t, draw([])],
  ],
  mT: [[nd.mT, draw([2, 1, 3])]],
  squeeze: [
    [(x) => nd.squeeze(x), draw([1, 2, 1])],
    [(x) => nd.squeeze(x, { dim: -1 }), transposed(draw([1, 2, 1]))],
    [(x) => nd.squeeze(x, { dim: 1 }), draw([1, 2])],
  ],
  unsqueeze: [
    [(x) => nd.unsqueeze(x, -1), draw([])],
    [(x) => nd.unsqueeze(x, 1), transposed(draw([2, 3]))],
  ],
  flatten: [
    [(x) => nd.flatten(x), draw([])],
    [(x) => nd.flatten(x), transposed(draw([2, 3]))],
    [(x) => nd.flatten(x, { startDim: 1 }), backwards(draw([2, 2, 2]))],
  ],
  narrow: [
    [(x) => nd.narrow(x, 1, 1, 2), draw([2, 3])],
    [(x) => nd.narrow(x, -1, -2, 1), transposed(draw([3, 2]))],
    [(x) => nd.narrow(x, 0, 1, 0), draw([2])],
  ],
  select: [
    [(x) => nd.select(x, 1, -1), backwards(draw([2, 3]))],
    [(x) => nd.select(x, 0, 1), draw([2])],
  ],

  // join and split
  cat: [
    [(...xs) => nd.cat(xs, { dim: -1 }), draw([2, 1]), transposed(draw([3, 2])), draw([2, 0])],
    [(x, y) => nd.cat([x, y, x]), draw([2]), backwards(draw([1]))],
    [(x) => nd.cat([x]), draw([2])],
  ],
  stack: [
    [(...xs) => nd.stack(xs, { dim: 1 }), draw([2, 3]), transposed(draw([3, 2]))],
    [(...xs) => nd.stack(xs), draw([]), draw([])],
  ],
  split: [
    [(x) => nd.split(x, 2), draw([3, 2])],
    [(x) => nd.split(x, [1, 0, 2], { dim: -1 }), transposed(draw([3, 2]))],
  ],
  chunk: [[(x) => nd.chunk(x, 2, { dim: 1 }), backwards(draw([2, 3]))]],
  unbind: [[(x) => nd.unbind(x, { dim: 1 }), transposed(draw([3, 2]))]],

  // rearrange
  flip: [
    [(x) => nd.flip(x, [0, -1]), draw([2, 3, 2])],
    [(x) => nd.flip(x, 0), transposed(draw([2, 3]))],
    [(x) => nd.flip(x, [0]), draw([])],
  ],
  roll: [
    [(x) => nd.roll(x, 2), draw([2, 3])],
    [(x) => nd.roll(x, [-1, 2], { dims: [0, 1] }), transposed(draw([3, 2]))],
    [(x) => nd.roll(x, 1), draw([])],
  ],
  repeat: [
    [(x) => nd.repeat(x, [2, 1, 3]), backwards(draw([2, 2]))],
    [(x) => nd.repeat(x, [2]), draw([])],
    [(x) => nd.repeat(x, [0, 2]), draw([2])],
  ],
  tile: [
    [(x) => nd.tile(x, [2]), draw([2, 3])],
    [(x) => nd.tile(x, [2, 1, 1]), transposed(draw([2, 3]))],
  ],
  movedim: [
    [(x) => nd.movedim(x, [0, 1], [-1, 0]), draw([2, 3, 1])],
    [(x) => nd.movedim(x, 0, 0), draw([])],
  ],

  // diagonal
  diagonal: [
    [(x) => nd.diagonal(x), draw([2, 3])],
    [(x) => nd.diagonal(x, { offset: -1, dim1: -1, dim2: 0 }), transposed(draw([3, 2, 3]))],
    [(x) => nd.diagonal(x, { offset: 5 }), draw([2, 2])],
  ],
  diag: [
    [(x) => nd.diag(x, { diagonal: -1 }), draw([2])],
    [(x) => nd.diag(x, { diagonal: 1 }), backwards(draw([3, 2]))],
  ],
  tril: [
    [(x) => nd.tril(x, { diagonal: -1 }), draw([2, 3, 3])],
    [(x) => nd.tril(x), transposed(draw([3, 2]))],
  ],
  triu: [
    [(x) => nd.triu(x), draw([3, 2])],
    [(x) => nd.triu(x, { diagonal: 1 }), backwards(draw([2, 3]))],
  ],

  // indexing and sorting
  gather: [
    [(x) => nd.gather(x, 1, index([0, 0, 2], [1, 1, 1])), draw([3, 3])],
    [(x) => nd.gather(x, -2, index([1, 0])), transposed(draw([2, 2]))],
    [(x) => nd.gather(x, 0, nd.tensor(0)), draw([])],
  ],
  scatterAdd: [
    [(x, src) => nd.scatterAdd(x, 0, index([0, 1], [0, 0]), src), draw([2, 3]), transposed(draw([2, 2]))],
    [(x, src) => nd.scatterAdd(x, 1, index([2]), src), backwards(draw([2, 3])), draw([2, 2])],
  ],
  indexSelect: [
    [(x) => nd.indexSelect(x, 0, index(1, 1, 0)), draw([2, 3])],
    [(x) => nd.indexSelect(x, 1, nd.tensor(2)), transposed(draw([3, 2]))],
    [(x) => nd.indexSelect(x, 0, nd.zeros([0])), draw([2])],
  ],
  takeAlongDim: [
    [(x) => nd.takeAlongDim(x, index([2, 0]), { dim: 1 }), draw([2, 3])],
    [(x) => nd.takeAlongDim(x, index([0, 0], [0, 0]), { dim: 0 }), draw([2, 1])],
    [(x) => nd.takeAlongDim(x, index(3, 3, 0)), transposed(draw([2, 2]))],
  ],
  maskedFill: [
    [(x, value) => nd.maskedFill(x, nd.tensor([1, 0, 1]), value), draw([2, 1]), draw([])],
    [(x) => nd.maskedFill(x, nd.tensor([[1], [0]]), 3), backwards(draw([2, 3]))],
  ],
  sort: along((x, dim) => nd.sort(x, { dim: dim ?? -1, descending: dim === null }).values, distinct),
  topk: [
    [(x) => nd.topk(x, 2).values, distinct([2, 3])],
    [(x) => nd.topk(x, 1, { dim: 0, largest: false }).values, transposed(distinct([3, 2]))],
    [(x) => nd.topk(x, 1).values, distinct([])],
  ],
};
