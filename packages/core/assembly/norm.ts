// Sums and normalisation of x [outer, kept, inner] over all but the middle: see src/kernels/norm.ts. `mean` and the like
// are lists of one number for each of the kept. Where `inner` is 1, neighbours belong to different numbers of the lists.

/** Two numbers of a list: neighbours, or one of them twice. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function twoOf(list: i32, i: i32, k: i32, areColumns: bool): v128 {
  return areColumns ? v128.load(list + i * 8) : v128.load_splat<f64>(list + k * 8);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function total(a: v128, b: v128): f64 {
  const sum = f64x2.add(a, b);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function addTo(list: i32, k: i32, value: f64): void {
  store<f64>(list + k * 8, load<f64>(list + k * 8) + value);
}

/** Of two elements: x, or (x − mean)², or (x − mean) · g. */
enum Term { x, square, product }

// @ts-ignore: a decorator of AssemblyScript
@inline
function term(kind: Term, x: v128, mean: v128, g: v128): v128 {
  if (kind == Term.x) return x;
  const centred = f64x2.sub(x, mean);
  return f64x2.mul(centred, kind == Term.square ? centred : g);
}

/** Σ of the terms of n elements, in four pairs of sums side by side: an addition takes longer than the next can wait. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function sumOf(kind: Term, n: i32, x: i32, mean: v128, g: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i < n - 7; i += 8, x += 64, g += 64) {
    a = f64x2.add(a, term(kind, v128.load(x), mean, v128.load(g)));
    b = f64x2.add(b, term(kind, v128.load(x, 16), mean, v128.load(g, 16)));
    c = f64x2.add(c, term(kind, v128.load(x, 32), mean, v128.load(g, 32)));
    d = f64x2.add(d, term(kind, v128.load(x, 48), mean, v128.load(g, 48)));
  }
  let rest: f64 = 0;
  for (; i < n; i++, x += 8, g += 8) {
    rest += f64x2.extract_lane(term(kind, v128.load64_zero(x), mean, v128.load64_zero(g)), 0);
  }
  return total(f64x2.add(a, b), f64x2.add(c, d)) + rest;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function sum(kind: Term, outer: i32, kept: i32, inner: i32, x: i32, mean: i32, g: i32, y: i32): void {
  memory.fill(y, 0, kept * 8);
  for (let o = 0; o < outer; o++) {
    if (inner > 1) {
      for (let k = 0; k < kept; k++, x += inner * 8, g += inner * 8) {
        const m = kind == Term.x ? f64x2.splat(0) : v128.load_splat<f64>(mean + k * 8);
        addTo(y, k, sumOf(kind, inner, x, m, g));
      }
      continue;
    }
    let k = 0;
    for (; k < kept - 1; k += 2, x += 16, g += 16) {
      const m = kind == Term.x ? f64x2.splat(0) : v128.load(mean + k * 8);
      v128.store(y + k * 8, f64x2.add(v128.load(y + k * 8), term(kind, v128.load(x), m, v128.load(g))));
    }
    if (k < kept) {
      const m = kind == Term.x ? f64x2.splat(0) : v128.load64_zero(mean + k * 8);
      addTo(y, k, f64x2.extract_lane(term(kind, v128.load64_zero(x), m, v128.load64_zero(g)), 0));
      x += 8;
      g += 8;
    }
  }
}

/** y = Σ x */
export function sumAround(outer: i32, kept: i32, inner: i32, x: i32, y: i32): void {
  sum(Term.x, outer, kept, inner, x, x, x, y);
}

/** y = Σ (x − mean)² */
export function squaresAround(outer: i32, kept: i32, inner: i32, x: i32, mean: i32, y: i32): void {
  sum(Term.square, outer, kept, inner, x, mean, x, y);
}

/** y = Σ (x − mean) · g */
export function productsAround(outer: i32, kept: i32, inner: i32, x: i32, mean: i32, g: i32, y: i32): void {
  sum(Term.product, outer, kept, inner, x, mean, g, y);
}

/** One number of a list, in the first lane. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function oneOf(list: i32, i: i32, k: i32, areColumns: bool): v128 {
  return v128.load64_zero(list + (areColumns ? i : k) * 8);
}

/** y = (x − mean) · scale + shift, for n elements of one number of the lists, or of n numbers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function normalizeLine(areColumns: bool, n: i32, k: i32, x: i32, mean: i32, scale: i32, shift: i32, y: i32): void {
  let i = 0;
  for (; i < n - 1; i += 2) {
    const centred = f64x2.sub(v128.load(x + i * 8), twoOf(mean, i, k, areColumns));
    const scaled = f64x2.mul(centred, twoOf(scale, i, k, areColumns));
    v128.store(y + i * 8, f64x2.add(scaled, twoOf(shift, i, k, areColumns)));
  }
  if (i < n) {
    const centred = f64x2.sub(v128.load64_zero(x + i * 8), oneOf(mean, i, k, areColumns));
    const scaled = f64x2.mul(centred, oneOf(scale, i, k, areColumns));
    v128.store64_lane(y + i * 8, f64x2.add(scaled, oneOf(shift, i, k, areColumns)), 0);
  }
}

/** y = (x − mean) · scale + shift */
export function normalize(
  outer: i32, kept: i32, inner: i32, x: i32, mean: i32, scale: i32, shift: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      normalizeLine(true, kept, 0, x, mean, scale, shift, y);
      x += kept * 8;
      y += kept * 8;
      continue;
    }
    for (let k = 0; k < kept; k++, x += inner * 8, y += inner * 8) {
      normalizeLine(false, inner, k, x, mean, scale, shift, y);
    }
  }
}

/** y = scale · (g − shift − (x − mean) · slope), likewise. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function gradientLine(
  areColumns: bool, n: i32, k: i32, g: i32, x: i32, mean: i32, scale: i32, shift: i32, slope: i32, y: i32,
): void {
  let i = 0;
  for (; i < n - 1; i += 2) {
    const centred = f64x2.sub(v128.load(x + i * 8), twoOf(mean, i, k, areColumns));
    const rest = f64x2.sub(v128.load(g + i * 8), twoOf(shift, i, k, areColumns));
    const own = f64x2.mul(centred, twoOf(slope, i, k, areColumns));
    v128.store(y + i * 8, f64x2.mul(twoOf(scale, i, k, areColumns), f64x2.sub(rest, own)));
  }
  if (i < n) {
    const centred = f64x2.sub(v128.load64_zero(x + i * 8), oneOf(mean, i, k, areColumns));
    const rest = f64x2.sub(v128.load64_zero(g + i * 8), oneOf(shift, i, k, areColumns));
    const own = f64x2.mul(centred, oneOf(slope, i, k, areColumns));
    v128.store64_lane(y + i * 8, f64x2.mul(oneOf(scale, i, k, areColumns), f64x2.sub(rest, own)), 0);
  }
}

/** y = scale · (g − shift − (x − mean) · slope) */
export function normalizeGradient(
  outer: i32, kept: i32, inner: i32, g: i32, x: i32, mean: i32, scale: i32, shift: i32, slope: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      gradientLine(true, kept, 0, g, x, mean, scale, shift, slope, y);
      g += kept * 8;
      x += kept * 8;
      y += kept * 8;
      continue;
    }
    for (let k = 0; k < kept; k++, g += inner * 8, x += inner * 8, y += inner * 8) {
      gradientLine(false, inner, k, g, x, mean, scale, shift, slope, y);
    }
  }
}
