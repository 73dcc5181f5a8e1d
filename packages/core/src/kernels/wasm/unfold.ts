import { isContiguous } from '../../shape.ts';
import type { ImageWindows } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { clear, type Grid } from '../unfold.ts';
import type { Functions } from './functions.ts';
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

function eachImage(name: 'unfold' | 'fold', images: Nd, columns: Nd, grid: Grid): boolean {
  return withRoom([roomFor(images), roomFor(columns)], (inImages, inColumns) => {
    const [image, column] = [new Images(images, inImages!), new Images(columns, inColumns!)];
    const call = callOf(name, images, grid);
    for (let i = 0; i < images.shape[0]!; i++) {
      call(image.read(i), name === 'unfold' ? column.place(i) : column.read(i), 0, grid.blocks[0]);
      (name === 'unfold' ? column : image).written(i);
    }
    return true;
  });
}

type Call = (image: number, columns: number, firstRow: number, rows: number) => void;

/** Writes out, or adds, some rows of windows of an image; both are given by their addresses. */
function callOf(name: 'unfold' | 'fold', images: Nd, { kernel, stride, dilation, padding, blocks }: Grid): Call {
  const run = (load() as Functions)[name];
  const [channels, height, width] = images.shape.slice(1) as [number, number, number];
  return (image, columns, firstRow, rows) =>
    run(
      image,
      channels,
      height,
      width,
      kernel[0],
      kernel[1],
      stride[0],
      stride[1],
      dilation[0],
      dilation[1],
      padding[0] - firstRow * stride[0],
      padding[1],
      rows,
      blocks[1],
      columns,
    );
}

/** Windows of images, written out in a room in WebAssembly's memory; `inImages` is room for images that lie outside. */
export function windowsOf(images: Nd, inImages: Float64Array, room: Float64Array, grid: Grid): ImageWindows {
  const image = new Images(images, inImages);
  const [unfold, fold] = [callOf('unfold', images, grid), callOf('fold', images, grid)];
  return {
    unfold: (i, firstRow, rows) => unfold(image.read(i), room.byteOffset, firstRow, rows),
    fold(i, firstRow, rows) {
      fold(image.read(i), room.byteOffset, firstRow, rows);
      image.written(i);
    },
  };
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { unfold, fold };
