import type { Dgemm } from '../src/kernels/blas/dgemm.ts';

/** CBLAS's product by its definition, as picky as CBLAS about its arguments. */
export const plainDgemm: Dgemm = (order, transA, transB, n, m, k, alpha, a, stepA, b, stepB, beta, y, stepY) => {
  if (order !== 101 || ![111, 112].includes(transA) || ![111, 112].includes(transB)) throw new Error('cblas: a code');
  const [plainA, plainB] = [transA === 111, transB === 111];
  if (stepA < Math.max(1, plainA ? k : n) || stepB < Math.max(1, plainB ? m : k) || stepY < Math.max(1, m)) {
    throw new Error('cblas: a step shorter than a row');
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += a[plainA ? i * stepA + p : p * stepA + i]! * b[plainB ? p * stepB + j : j * stepB + p]!;
      }
      y[i * stepY + j] = alpha * sum + (beta === 0 ? 0 : beta * y[i * stepY + j]!);
    }
  }
};
