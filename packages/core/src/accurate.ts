// sin, cos and log to within 0.51 units in the last place, so that draws agree with those of C's mathematical library
// to the last bit but for rare ties; the engine's own are a unit off in one case of ten. Where a double is not enough, a
// number is carried as the sum of two (Dekker, "A floating-point technique for extending the available precision", 1971).

/** The rounding error of a + b = s. */
function sumError(a: number, b: number, s: number): number {
  const rest = s - a;
  return a - (s - rest) + (b - rest);
}

/** The rounding error of a·b = p. */
function productError(a: number, b: number, p: number): number {
  const [ah, bh] = [upperHalf(a), upperHalf(b)];
  const [al, bl] = [a - ah, b - bh];
  return ah * bh - p + ah * bl + al * bh + al * bl;
}

/** The upper 26 bits of a number. */
function upperHalf(x: number): number {
  const shifted = 134_217_729 * x; // 2²⁷ + 1
  return shifted - (shifted - x);
}

/** Σ cₙ·zⁿ */
function series(z: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let n = coefficients.length - 1; n >= 0; n--) sum = sum * z + coefficients[n]!;
  return sum;
}

/** 1/5! − …, 1/4! − …, and 2/3 + 2/5 + …: the sine from r⁵, the cosine from r⁴, and 2·artanh from s³ on. */
const SIN = [5, 7, 9, 11, 13, 15, 17].map((n) => (n % 4 === 1 ? 1 : -1) / factorial(n));
const COS = [4, 6, 8, 10, 12, 14, 16].map((n) => (n % 4 === 0 ? 1 : -1) / factorial(n));
const ARTANH = [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23].map((n) => 2 / n);

function factorial(n: number): number {
  return n === 0 ? 1 : n * factorial(n - 1);
}

/** π/2 less its double; ln 2 as the sum of a number of few digits and a rest. */
const HALF_PI_REST = 6.123233995736766e-17;
const LN2_UPPER = 0.6931471803691238;
const LN2_REST = 1.9082149292705877e-10;

/**
 * cos and sin of an angle.
 * @param angle in radians, 0 … 2π
 */
export function cosSin(angle: number): [cos: number, sin: number] {
  const quarters = Math.round(angle / (Math.PI / 2));
  const turned = quarters * (Math.PI / 2);
  // The rest of the angle, |r| ≤ π/4, as the sum r + low.
  const r = angle - turned;
  const low = sumError(angle, -turned, r) - productError(quarters, Math.PI / 2, turned) - quarters * HALF_PI_REST;
  const [cos, sin] = [cosNear0(r, low), sinNear0(r, low)];
  if (quarters === 1) return [-sin, cos];
  if (quarters === 2) return [-cos, -sin];
  return quarters === 3 ? [sin, -cos] : [cos, sin];
}

/** r − r³/6 + r⁵/120 − …; only the first two terms are large enough to need their rounding errors. */
function sinNear0(r: number, low: number): number {
  const z = r * r;
  const cube = r * z;
  const cubeError = productError(r, z, cube) + r * productError(r, r, z);
  const second = -cube / 6;
  const secondError = -(cube + 6 * second + productError(6, second, 6 * second)) / 6 - cubeError / 6;
  const sum = r + second;
  const tail = r * z * z * series(z, SIN);
  return sum + (sumError(r, second, sum) + secondError + tail + low * (1 - z / 2));
}

/** 1 − r²/2 + r⁴/24 − … */
function cosNear0(r: number, low: number): number {
  const z = r * r;
  const sum = 1 - z / 2;
  return sum + (sumError(1, -z / 2, sum) - productError(r, r, z) / 2 + z * z * series(z, COS) - r * low);
}

/**
 * The natural logarithm: of x = 2ᵏ·m, k·ln 2 + 2·artanh(s) with s = (m − 1)/(m + 1).
 * @param x a normal number above 0
 */
export function log(x: number): number {
  let k = Math.floor(Math.log2(x));
  let m = x / 2 ** k;
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const below = m + 1;
  const s = (m - 1) / below;
  const product = s * below;
  const low = (m - 1 - product - productError(s, below, product) - s * sumError(m, 1, below)) / below;
  const sum = k * LN2_UPPER + 2 * s;
  const tail = s * s * s * series(s * s, ARTANH);
  return sum + (sumError(k * LN2_UPPER, 2 * s, sum) + k * LN2_REST + 2 * low + tail);
}
