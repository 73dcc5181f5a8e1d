// What a predictor's steps call: plain JavaScript, of which each predictor gets what it uses.

/** Functions by name; each may call others of this table. */
export const helpers = {
  view: `/** The elements of x at offset + i·strides, for all i in the shape, in order. */
function view(x, offset, strides, shape) {
  const y = new Float64Array(shape.reduce((a, b) => a * b, 1));
  walk(shape, strides, offset, (i, at) => { y[i] = x[at]; });
  return y;
}`,

  walk: `/** Visits offset + i·strides for all i in the shape, in order. */
function walk(shape, strides, offset, visit) {
  const size = shape.reduce((a, b) => a * b, 1);
  const place = shape.map(() => 0);
  for (let i = 0, at = offset; i < size; i++) {
    visit(i, at);
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d];
      if (++place[d] < shape[d]) break;
      at -= strides[d] * shape[d];
      place[d] = 0;
    }
  }
}`,

  place: `/** y with the elements of x, whose shape is given, at offset + i·strides. */
function place(x, y, offset, strides, shape) {
  walk(shape, strides, offset, (i, at) => { y[at] = x[i]; });
  return y;
}`,

  combine: `/** The elements of x, whose shape is given, taken together by f; strides of 0 lead several to one place. */
function combine(x, shape, strides, size, start, f) {
  const y = new Float64Array(size).fill(start);
  walk(shape, strides, 0, (i, at) => { y[at] = f(y[at], x[i]); });
  return y;
}`,

  pick: `/** Slices picked along the middle of [outer, size, inner]. */
function pick(x, index, outer, size, inner) {
  const y = new Float64Array(outer * index.length * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (const i of index) {
      const from = (o * size + i) * inner;
      for (let k = 0; k < inner; k++) y[to++] = x[from + k];
    }
  }
  return y;
}`,

  gather: `/** Elements picked along the middle of [outer, size, inner] by an index [outer, count, inner]. */
function gather(x, index, outer, size, count, inner) {
  return index.map((i, at) => {
    const o = Math.floor(at / (count * inner));
    return x[(o * size + i) * inner + (at % inner)];
  });
}`,

  position: `/** Where the first best element stands along the middle of [outer, size, inner]. */
function position(x, outer, size, inner, better) {
  return Float64Array.from({ length: outer * inner }, (_, i) => {
    const from = Math.floor(i / inner) * size * inner + (i % inner);
    let at = 0;
    for (let j = 1; j < size; j++) if (better(x[from + j * inner], x[from + at * inner])) at = j;
    return at;
  });
}`,

  multiply: `/** A batch of products [n, k] · [k, m] */
function multiply(a, b, batch, n, k, m) {
  const y = new Float64Array(batch * n * m);
  for (let p = 0; p < batch; p++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < k; j++) {
        const factor = a[(p * n + i) * k + j];
        const [from, to] = [(p * k + j) * m, (p * n + i) * m];
        for (let l = 0; l < m; l++) y[to + l] += factor * b[from + l];
      }
    }
  }
  return y;
}`,

  linear: `/** x·Wᵀ + b for rows [n, inner] and a weight [out, inner]; b may be left out. */
function linear(x, weight, bias, n, inner, out) {
  const y = new Float64Array(n * out);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < out; o++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += x[i * inner + k] * weight[o * inner + k];
      y[i * out + o] = bias ? sum + bias[o] : sum;
    }
  }
  return y;
}`,

  conv: `/** Convolution of images [n, channels, height, width] with a weight [out, channels / groups, …kernel]. */
function conv(x, weight, bias, [n, channels, height, width], out, { kernel, stride, dilation, padding, blocks, groups }) {
  const [depth, area, pixels] = [channels / groups, kernel[0] * kernel[1], blocks[0] * blocks[1]];
  const y = new Float64Array(n * out * pixels);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < out; o++) {
      const target = (i * out + o) * pixels;
      y.fill(bias[o], target, target + pixels);
      const first = Math.floor((o * groups) / out) * depth;
      for (let c = 0; c < depth * area; c++) {
        const factor = weight[o * depth * area + c];
        const plane = (i * channels + first + Math.floor(c / area)) * height * width;
        const down = Math.floor((c % area) / kernel[1]) * dilation[0] - padding[0];
        const right = (c % kernel[1]) * dilation[1] - padding[1];
        for (let r = 0; r < blocks[0]; r++) {
          const row = r * stride[0] + down;
          if (row < 0 || row >= height) continue;
          for (let s = 0; s < blocks[1]; s++) {
            const column = s * stride[1] + right;
            if (column >= 0 && column < width) {
              y[target + r * blocks[1] + s] += factor * x[plane + row * width + column];
            }
          }
        }
      }
    }
  }
  return y;
}`,

  convTranspose: `/** The reverse of conv: each pixel adds the kernel [channels, out / groups, …kernel], multiplied by it, to the output. */
function convTranspose(x, weight, bias, [n, channels], out, { kernel, stride, dilation, padding, blocks, groups, size }) {
  const [depth, area, pixels] = [out / groups, kernel[0] * kernel[1], blocks[0] * blocks[1]];
  const [height, width] = size;
  const y = new Float64Array(n * out * height * width);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < out; o++) y.fill(bias[o], (i * out + o) * height * width, (i * out + o + 1) * height * width);
    for (let c = 0; c < channels; c++) {
      const first = Math.floor((c * groups) / channels) * depth;
      for (let k = 0; k < depth * area; k++) {
        const factor = weight[c * depth * area + k];
        const plane = (i * out + first + Math.floor(k / area)) * height * width;
        const down = Math.floor((k % area) / kernel[1]) * dilation[0] - padding[0];
        const right = (k % kernel[1]) * dilation[1] - padding[1];
        for (let p = 0; p < pixels; p++) {
          const [row, column] = [Math.floor(p / blocks[1]) * stride[0] + down, (p % blocks[1]) * stride[1] + right];
          if (row >= 0 && row < height && column >= 0 && column < width) {
            y[plane + row * width + column] += factor * x[(i * channels + c) * pixels + p];
          }
        }
      }
    }
  }
  return y;
}`,

  maxPool: `/** The largest element of each window, in planes of height × width. */
function maxPool(x, planes, height, width, rows, columns) {
  const y = new Float64Array(planes * rows.starts.length * columns.starts.length);
  let to = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < rows.starts.length; i++) {
      for (let j = 0; j < columns.starts.length; j++) {
        let best = -Infinity;
        for (let r = rows.starts[i]; r < rows.ends[i]; r += rows.step) {
          for (let c = columns.starts[j]; c < columns.ends[j]; c += columns.step) {
            const value = x[(plane * height + r) * width + c];
            if (value > best || value !== value) best = value;
          }
        }
        y[to++] = best;
      }
    }
  }
  return y;
}`,

  windowSum: `/** The sum of each window along the middle of [outer, size, inner]. */
function windowSum(x, outer, size, inner, { starts, ends, step }) {
  const y = new Float64Array(outer * starts.length * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < starts.length; i++) {
      for (let j = starts[i]; j < ends[i]; j += step) {
        for (let k = 0; k < inner; k++) y[(o * starts.length + i) * inner + k] += x[(o * size + j) * inner + k];
      }
    }
  }
  return y;
}`,

  normalize: `/** (x − mean) / √(variance + eps) · weight + bias for x [outer, kept, inner], the rest being [kept]. */
function normalize(x, weight, bias, mean, variance, [, kept, inner], eps) {
  return x.map((value, i) => {
    const k = Math.floor(i / inner) % kept;
    return (value - mean[k]) * (weight[k] / Math.sqrt(variance[k] + eps)) + bias[k];
  });
}`,

  standardize: `/** The same by the mean and the variance of x itself. */
function standardize(x, weight, bias, [outer, kept, inner], eps) {
  const mean = new Float64Array(kept);
  const variance = new Float64Array(kept);
  x.forEach((value, i) => { mean[Math.floor(i / inner) % kept] += value / (outer * inner); });
  x.forEach((value, i) => {
    const k = Math.floor(i / inner) % kept;
    variance[k] += (value - mean[k]) ** 2 / (outer * inner);
  });
  return normalize(x, weight, bias, mean, variance, [outer, kept, inner], eps);
}`,

  erf: `/** The error function by rational approximations (Cody, 1969). */
function erf(x) {
  const polynomial = (coefficients, z) => coefficients.reduce((sum, c) => sum * z + c, 0);
  const size = Math.abs(x);
  if (size <= 0.46875) {
    const top = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694];
    const bottom = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
    return (x * polynomial(top, x * x)) / polynomial(bottom, x * x);
  }
  if (size > 27) return Math.sign(x);
  const cut = Math.trunc(size * 16) / 16;
  const gauss = Math.exp(-cut * cut) * Math.exp((cut - size) * (cut + size));
  const rest = () => {
    if (size > 4) {
      const z = 1 / (size * size);
      const top = [0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926,
        0.016083785148742275, 0.0006587491615298378];
      const bottom = [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132,
        0.0023352049762686918];
      return (gauss / size) * (1 / Math.sqrt(Math.PI) - (z * polynomial(top, z)) / polynomial(bottom, z));
    }
    const top = [2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
      881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972];
    const bottom = [1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903,
      3290.7992357334597, 4362.619090143247, 3439.3676741437216, 1230.3393548037495];
    return (gauss * polynomial(top, size)) / polynomial(bottom, size);
  };
  return x < 0 ? rest() - 1 : 1 - rest();
}`,
} as const;

export type Helper = keyof typeof helpers;

/** The source of the helpers that are used, with those that they use. */
export function sourceOf(used: ReadonlySet<Helper>): string {
  const needed = new Set(used);
  for (const name of needed) {
    for (const other of Object.keys(helpers) as Helper[]) {
      if (other !== name && helpers[name].includes(`${other}(`)) needed.add(other);
    }
  }
  const names = (Object.keys(helpers) as Helper[]).filter((name) => needed.has(name));
  return names.map((name) => helpers[name]).join('\n\n');
}
