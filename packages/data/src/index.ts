// Pictures changed at random
export {
  type ColorJitterOptions,
  colorJitter,
  randomCrop,
  type RandomCropOptions,
  randomHorizontalFlip,
  type Transform,
} from './augment.ts';
// Datasets
export { ByteDataset, type ByteOptions } from './byteDataset.ts';
export { type CifarOptions, cifar10 } from './cifar.ts';
export { type ColumnRef, type CsvOptions, parseCsv, readCsv } from './csv.ts';
export { type Batch, type Dataset, MappedDataset, type Names, Subset, TensorDataset } from './dataset.ts';
export { digits } from './digits.ts';
// Errors
export { DataError } from './errors.ts';
export { type IdxArray, parseIdx, readIdx } from './idx.ts';
export { iris } from './iris.ts';
// From datasets to batches
export { DataLoader, type DataLoaderOptions } from './loader.ts';
export { type MnistOptions, mnist } from './mnist.ts';
export type { FilePath, PackageOptions } from './places.ts';
export { type SpiralOptions, spiral } from './spiral.ts';
export { randomSplit, type SplitOptions } from './split.ts';
export { fitStandardizer, type Grouping, Standardizer } from './standardizer.ts';
