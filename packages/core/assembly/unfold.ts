// The windows of one image as columns, and back: see src/kernels/unfold.ts. Sizes are in elements, addresses in bytes.

/** Of windows at i·stride + shift, how many of the first `count` begin before `place`. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function before(place: i32, shift: i32, stride: i32, count: i32): i32 {
  const reach = place - shift;
  return reach <= 0 ? 0 : min((reach + stride - 1) / stride, count);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function zero(at: i32, count: i32): i32 {
  for (let i = 0; i < count; i++) store<f64>(at + i * 8, 0);
  return at + count * 8;
}

/** [channels, height, width] → [channels·kernel, rows·columns] */
export function unfold(
  x: i32, channels: i32, height: i32, width: i32, kernelRows: i32, kernelColumns: i32, strideRows: i32, stride: i32,
  dilationRows: i32, dilation: i32, top: i32, left: i32, rows: i32, columns: i32, to: i32,
): void {
  for (let c = 0; c < channels; c++, x += height * width * 8) {
    for (let k = 0; k < kernelRows; k++) {
      const down = k * dilationRows - top;
      const firstRow = before(0, down, strideRows, rows);
      const endRow = max(before(height, down, strideRows, rows), firstRow);
      for (let l = 0; l < kernelColumns; l++) {
        const right = l * dilation - left;
        const first = before(0, right, stride, columns);
        const count = max(before(width, right, stride, columns) - first, 0);
        to = zero(to, firstRow * columns);
        for (let r = firstRow; r < endRow; r++) {
          to = zero(to, first);
          let from = x + ((r * strideRows + down) * width + first * stride + right) * 8;
          let i = 0;
          if (stride == 1) {
            for (; i < count - 1; i += 2, from += 16, to += 16) v128.store(to, v128.load(from));
          }
          for (; i < count; i++, from += stride * 8, to += 8) store<f64>(to, load<f64>(from));
          to = zero(to, columns - first - count);
        }
        to = zero(to, (rows - endRow) * columns);
      }
    }
  }
}

/** Adds [channels·kernel, rows·columns] in the places of the windows of [channels, height, width]. */
export function fold(
  x: i32, channels: i32, height: i32, width: i32, kernelRows: i32, kernelColumns: i32, strideRows: i32, stride: i32,
  dilationRows: i32, dilation: i32, top: i32, left: i32, rows: i32, columns: i32, from: i32,
): void {
  for (let c = 0; c < channels; c++, x += height * width * 8) {
    for (let k = 0; k < kernelRows; k++) {
      const down = k * dilationRows - top;
      const firstRow = before(0, down, strideRows, rows);
      const endRow = before(height, down, strideRows, rows);
      for (let l = 0; l < kernelColumns; l++, from += rows * columns * 8) {
        const right = l * dilation - left;
        const first = before(0, right, stride, columns);
        const count = before(width, right, stride, columns) - first;
        for (let r = firstRow; r < endRow; r++) {
          let to = x + ((r * strideRows + down) * width + first * stride + right) * 8;
          let at = from + (r * columns + first) * 8;
          let i = 0;
          if (stride == 1) {
            for (; i < count - 1; i += 2, at += 16, to += 16) v128.store(to, f64x2.add(v128.load(to), v128.load(at)));
          }
          for (; i < count; i++, at += 8, to += stride * 8) store<f64>(to, load<f64>(to) + load<f64>(at));
        }
      }
    }
  }
}
