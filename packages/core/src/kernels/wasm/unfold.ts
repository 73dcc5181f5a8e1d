import { isContiguous } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { clear, type Grid } from '../unfold.ts';
import { load } from './instance.ts';
import { Images, roomFor, withRoom } from './room.ts';

const isWhole = ({ shape, stride, size }: Nd): boolean => size > 0 && isContiguous(shape, stride);

/** As columns, the windows of images [n, c, height, width]: [n, c·kernel, blocks]. */
const unfold: Attempt = ([columns], [images], params) => {
  if (!isWhole(columns!) || images!.size === 0) return false;
  return eachImage('unfold', images!, columns!, params as Grid);
};

const fold: Attempt = ([images], [columns], params) => {
  if (!isWhole(images!) || columns!.size === 0) return false;
  clear(images!);
  return eachImage('fold', images!, columns!, params as Grid);
};

/** Columns are added to what stands in the places of their windows, in images that lie in order. */
export const addColumns: Attempt = ([images], [columns], params) =>
  eachImage('fold', images!, columns!, params as Grid);

function eachImage(name: 'unfold' | 'fold', images: Nd, columns: Nd, grid: Grid): boolean {
  const wasm = load();
  if (wasm instanceof Error) return false;
  return withRoom([roomFor(images), roomFor(columns)], (inImages, inColumns) => {
    const [image, column] = [new Images(images, inImages!), new Images(columns, inColumns!)];
    const [channels, height, width] = images.shape.slice(1) as [number, number, number];
    for (let i = 0; i < images.shape[0]!; i++) {
      wasm[name](
        image.read(i),
        channels,
        height,
        width,
        ...grid.kernel,
        ...grid.stride,
        ...grid.dilation,
        ...grid.padding,
        ...grid.blocks,
        name === 'unfold' ? column.place(i) : column.read(i),
      );
      (name === 'unfold' ? column : image).written(i);
    }
    return true;
  });
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { unfold, fold };
