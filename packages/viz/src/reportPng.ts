import { PNG } from 'pngjs';
import type { Picture } from './reportPictures.ts';

/** Pictures of one size, side by side in a grid with gaps of a pixel, as one PNG. */
export interface Sheet {
  /** `data:image/png;base64,…` */
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** The sheet of these pictures, `columns` in a row. */
export function sheetOf(pictures: readonly Picture[], columns: number): Sheet {
  const { rows: h, columns: w } = pictures[0]!;
  const across = Math.min(columns, pictures.length);
  const down = Math.ceil(pictures.length / across);
  const sheet = new PNG({ width: across * (w + 1) - 1, height: down * (h + 1) - 1 });
  sheet.data.fill(0);
  pictures.forEach((picture, i) => {
    const [left, top] = [(i % across) * (w + 1), Math.floor(i / across) * (h + 1)];
    for (let pixel = 0; pixel < h * w; pixel++) {
      const at = 4 * ((top + Math.floor(pixel / w)) * sheet.width + left + (pixel % w));
      const from = pixel * picture.channels;
      for (let c = 0; c < 3; c++) sheet.data[at + c] = picture.bytes[from + (picture.channels === 3 ? c : 0)]!;
      sheet.data[at + 3] = 255;
    }
  });
  const colorType = pictures.some(({ channels }) => channels === 3) ? 6 : 4;
  const bytes = PNG.sync.write(sheet, { colorType, deflateLevel: 9, deflateStrategy: 0 });
  return { url: `data:image/png;base64,${bytes.toString('base64')}`, width: sheet.width, height: sheet.height };
}
