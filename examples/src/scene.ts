// A picture for filters to work on, and pictures as text.
import { adaptiveAvgPool2d, type Tensor, tensor } from '@ndgrad/core';

/** A hill, the sun and the sky: red, green and blue, 0 … 255, `[3, size, size]`. */
export function scene(size: number): Tensor {
  const side = Array.from({ length: size }, (_, i) => i / size);
  return tensor(side.map((v) => side.map((u) => colourAt(u, v)))).permute([2, 0, 1]);
}

function colourAt(u: number, v: number): number[] {
  if (v > 0.75 + 0.1 * Math.sin(6 * u)) return [60, 140, 50];
  return Math.hypot(u - 0.7, v - 0.35) < 0.2 ? [250, 220, 60] : [110, 160, 255 - 80 * v];
}

const SHADES = ' .:-=+*#%@';

/** An image `[h, w]` of 0 … 255 as 16 lines of 40 characters, the brighter the denser; what lies outside is cut off. */
export function asText(image: Tensor): string[] {
  const cells = adaptiveAvgPool2d(image.unsqueeze(0), [16, 40]).select(0, 0);
  const levels = cells
    .mul(SHADES.length / 256)
    .floor()
    .clamp({ min: 0, max: SHADES.length - 1 });
  return (levels.tolist() as number[][]).map((row) => row.map((level) => SHADES[level]).join(''));
}
