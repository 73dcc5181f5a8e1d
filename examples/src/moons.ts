import { cat, cos, linspace, ones, randn, sin, stack, sub, type Tensor, zeros } from '@ndgrad/core';

/** Two half circles that reach into each other, with noise: inputs [2n, 2], targets [2n]. */
export function moons(n: number, noise: number): readonly [Tensor, Tensor] {
  const angle = linspace(0, Math.PI, n);
  const upper = stack([cos(angle), sin(angle)], { dim: 1 });
  const lower = stack([sub(1, cos(angle)), sub(0.5, sin(angle))], { dim: 1 });
  return [cat([upper, lower]).add(randn([2 * n, 2]).mul(noise)), cat([zeros([n]), ones([n])])];
}
