// Sums and normalisation of x [outer, kept, inner] over all but the middle: see src/kernels/norm.ts. `mean` and the like
// are lists of one number for each of the kept. Where `inner` is 1, neighbours belong to different numbers of the lists.
// `gap`, in bytes, lies between one of the outer and the next, where some of the kept are left out.

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
export function addTo(list: i32, k: i32, value: f64): void {
  store<f64>(list + k * 8, load<f64>(list + k * 8) + value);
}

/** x, or (x − mean)². */
// @ts-ignore: a decorator of AssemblyScript
@inline
function term(isSquare: bool, x: v128, mean: v128): v128 {
  const centred = f64x2.sub(x, mean);
  return isSquare ? f64x2.mul(centred, centred) : x;
}

/** Σ of the terms of n elements, in four pairs of sums side by side: an addition takes longer than the next can wait. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function sumOf(isSquare: bool, n: i32, x: i32, mean: v128): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let i = 0;
  for (; i < n - 7; i += 8, x += 64) {
    a = f64x2.add(a, term(isSquare, v128.load(x), mean));
    b = f64x2.add(b, term(isSquare, v128.load(x, 16), mean));
    c = f64x2.add(c, term(isSquare, v128.load(x, 32), mean));
    d = f64x2.add(d, term(isSquare, v128.load(x, 48), mean));
  }
  let rest: f64 = 0;
  for (; i < n; i++, x += 8) rest += f64x2.extract_lane(term(isSquare, v128.load64_zero(x), mean), 0);
  return total(f64x2.add(a, b), f64x2.add(c, d)) + rest;
}

/** The terms of rows of `kept` numbers, `row` bytes apart, summed up column by column: eight at a time, and then one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function sumColumns(isSquare: bool, rows: i32, kept: i32, row: i32, x: i32, mean: i32, y: i32): void {
  let k = 0;
  for (; k < kept - 7; k += 8, x += 64, mean += 64, y += 64) {
    const m = isSquare ? v128.load(mean) : f64x2.splat(0);
    const n = isSquare ? v128.load(mean, 16) : m;
    const o = isSquare ? v128.load(mean, 32) : m;
    const p = isSquare ? v128.load(mean, 48) : m;
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let r = 0, at = x; r < rows; r++, at += row) {
      a = f64x2.add(a, term(isSquare, v128.load(at), m));
      b = f64x2.add(b, term(isSquare, v128.load(at, 16), n));
      c = f64x2.add(c, term(isSquare, v128.load(at, 32), o));
      d = f64x2.add(d, term(isSquare, v128.load(at, 48), p));
    }
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
  }
  for (; k < kept; k++, x += 8, mean += 8, y += 8) {
    const m = isSquare ? v128.load64_zero(mean) : f64x2.splat(0);
    let a = f64x2.splat(0);
    for (let r = 0, at = x; r < rows; r++, at += row) a = f64x2.add(a, term(isSquare, v128.load64_zero(at), m));
    v128.store64_lane(y, a, 0);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function sum(isSquare: bool, outer: i32, kept: i32, inner: i32, gap: i32, x: i32, mean: i32, y: i32): void {
  if (inner == 1) {
    sumColumns(isSquare, outer, kept, kept * 8 + gap, x, mean, y);
    return;
  }
  memory.fill(y, 0, kept * 8);
  for (let o = 0; o < outer; o++, x += gap) {
    for (let k = 0; k < kept; k++, x += inner * 8) {
      addTo(y, k, sumOf(isSquare, inner, x, isSquare ? v128.load_splat<f64>(mean + k * 8) : f64x2.splat(0)));
    }
  }
}

/** y = Σ x */
export function sumAround(outer: i32, kept: i32, inner: i32, gap: i32, x: i32, y: i32): void {
  sum(false, outer, kept, inner, gap, x, x, y);
}

/** y = Σ (x − mean)² */
export function squaresAround(outer: i32, kept: i32, inner: i32, gap: i32, x: i32, mean: i32, y: i32): void {
  sum(true, outer, kept, inner, gap, x, mean, y);
}

/** sums = Σ g, products = Σ (x − mean) · g */
export function productsAround(
  outer: i32, kept: i32, inner: i32, gap: i32, x: i32, mean: i32, g: i32, sums: i32, products: i32,
): void {
  memory.fill(sums, 0, kept * 8);
  memory.fill(products, 0, kept * 8);
  for (let o = 0; o < outer; o++, x += gap, g += gap) {
    if (inner == 1) {
      for (let k = 0; k < kept; k++, x += 8, g += 8) {
        addTo(sums, k, load<f64>(g));
        addTo(products, k, (load<f64>(x) - load<f64>(mean + k * 8)) * load<f64>(g));
      }
      continue;
    }
    for (let k = 0; k < kept; k++) {
      const m = v128.load_splat<f64>(mean + k * 8);
      let a = f64x2.splat(0);
      let b = a;
      let c = a;
      let d = a;
      let i = 0;
      for (; i < inner - 3; i += 4, x += 32, g += 32) {
        const first = v128.load(g);
        const second = v128.load(g, 16);
        a = f64x2.add(a, first);
        b = f64x2.add(b, second);
        c = f64x2.add(c, f64x2.mul(f64x2.sub(v128.load(x), m), first));
        d = f64x2.add(d, f64x2.mul(f64x2.sub(v128.load(x, 16), m), second));
      }
      let sum = total(a, b);
      let product = total(c, d);
      for (; i < inner; i++, x += 8, g += 8) {
        sum += load<f64>(g);
        product += (load<f64>(x) - load<f64>(mean + k * 8)) * load<f64>(g);
      }
      addTo(sums, k, sum);
      addTo(products, k, product);
    }
  }
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
  outer: i32, kept: i32, inner: i32, gap: i32, x: i32, mean: i32, scale: i32, shift: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++, x += gap, y += gap) {
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
  outer: i32, kept: i32, inner: i32, gap: i32,
  g: i32, x: i32, mean: i32, scale: i32, shift: i32, slope: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++, g += gap, x += gap, y += gap) {
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
