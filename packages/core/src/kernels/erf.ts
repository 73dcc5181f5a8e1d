import type { Kernel } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

// The error function by rational approximations on three ranges, good to 1.2e-16 (Cody, "Rational Chebyshev
// approximations for the error function", Mathematics of Computation 23, 1969). Highest power first.

// |x| ≤ 0.46875: erf x = x · P(x²) / Q(x²)
const P = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694];
const Q = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
// 0.46875 < x ≤ 4: erfc x = exp(−x²) · R(x) / S(x)
const R = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const S = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
// x > 4: erfc x = exp(−x²)/x · (1/√π − x⁻² · T(x⁻²) / U(x⁻²))
const T = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
const U = [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918];

/** erf x = 2/√π · ∫ exp(−t²) from 0 to x */
function erfOf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= 0.46875) return nearZero(x);
  return x < 0 ? tail(magnitude) - 1 : 1 - tail(magnitude);
}

/** 1 − erf x, without the loss of digits where that is small. */
function erfcOf(x: number): number {
  if (Math.abs(x) <= 0.46875) return 1 - nearZero(x);
  return x < 0 ? 2 - tail(-x) : tail(x);
}

const nearZero = (x: number) => (x * polynomial(P, x * x)) / polynomial(Q, x * x);

/** erfc of a number above 0.46875; NaN of NaN. */
function tail(x: number): number {
  if (x > 27.3) return 0; // below the smallest double
  // x² rounded would spoil exp(−x²); the square of x cut to sixteenths is exact.
  const cut = Math.trunc(x * 16) / 16;
  const gauss = Math.exp(-cut * cut) * Math.exp((cut - x) * (cut + x));
  if (x <= 4) return (gauss * polynomial(R, x)) / polynomial(S, x);
  const z = 1 / (x * x);
  return (gauss / x) * (1 / Math.sqrt(Math.PI) - (z * polynomial(T, z)) / polynomial(U, z));
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

function elementwise(name: string, f: (x: number) => number): Kernel {
  return {
    name,
    run: ([y], [x]) => {
      const last = x!.shape.length - 1;
      const { size, step } = laneOf(x!, last);
      const stepY = laneOf(y!, last).step;
      eachLane([y!, x!], last, (to, from) => {
        for (let i = 0; i < size; i++) y!.data[to + i * stepY] = f(x!.data[from + i * step]!);
      });
    },
  };
}

export const erf = elementwise('erf', erfOf);
export const erfc = elementwise('erfc', erfcOf);
