import { ArgumentError, describe, nearest, readOptions, tensor } from '@ndgrad/core';
import Papa from 'papaparse';
import { TensorDataset } from './dataset.ts';
import { DataError } from './errors.ts';
import { absolutePath, readBytes } from './node.ts';
import type { FilePath } from './places.ts';

/** A column, by its name in the header or by its place, from 0. */
export type ColumnRef = string | number;

export interface CsvOptions {
  /** The column to be predicted (default `null`: the last one). */
  target?: ColumnRef | null;
  /** The columns to predict it from (default `null`: all the others). */
  features?: readonly ColumnRef[] | null;
  /** Whether the first row names the columns (default true). */
  header?: boolean;
  /** What separates the cells of a row (default a comma). */
  delimiter?: string;
  /**
   * The classes that the target names, in the order of their labels 0, 1, … Default `null`: numbers stay numbers, and
   * words become classes in alphabetical order.
   */
  classNames?: readonly string[] | null;
}

const defaults: Required<CsvOptions> = {
  target: null,
  features: null,
  header: true,
  delimiter: ',',
  classNames: null,
};

/**
 * Reads a table of numbers, one example a row, from comma-separated text (RFC 4180): inputs `[rows, features]`, targets
 * `[rows]`. `featureNames` are the header's; `classNames` the target's words, if it has words. Empty rows are skipped.
 * @param options `name` is what errors call the text: the file it came from
 * @throws DataError naming row (as a spreadsheet counts, from 1, the header included) and column of a cell that is
 *   empty or no number or no known class, a row of another length than the first, a column that is not there
 */
export function parseCsv(text: string, options?: CsvOptions & { name?: string }): TensorDataset {
  const { name, ...rest } = readOptions('parseCsv', options, { ...defaults, name: 'the text' });
  if (typeof text !== 'string') throw new ArgumentError(`parseCsv: expected text, got ${describe(text)}`);
  return toDataset(`parseCsv: ${name}`, text, rest);
}

/** Reads a CSV file, in UTF-8: see `parseCsv`. @throws DataError as `parseCsv`, and when the file can't be read */
export function readCsv(path: FilePath, options?: CsvOptions): TensorDataset {
  const settings = readOptions('readCsv', options, defaults);
  const file = absolutePath('readCsv', 'path', path);
  return toDataset(`readCsv: ${file}`, new TextDecoder().decode(readBytes('readCsv', file)), settings);
}

/** A row of cells, and which row of the file it is. */
interface Row {
  number: number;
  cells: string[];
}

interface Column {
  at: number;
  label: string;
}

function toDataset(source: string, text: string, options: Required<CsvOptions>): TensorDataset {
  const { columns, rows } = readTable(source, text, options);
  const target = findColumn(source, options.target ?? columns.length - 1, columns);
  const features = options.features
    ? options.features.map((ref) => findColumn(source, ref, columns))
    : columns.filter(({ at }) => at !== target.at);
  if (features.length === 0)
    throw new DataError(`${source}: expected at least one column besides the target, found none`);

  if (features.some(({ at }) => at === target.at)) {
    throw new ArgumentError(`${source}: column "${target.label}" is the target, so it can't be a feature too`);
  }

  const inputs = rows.map((row) => features.map((column) => numberAt(source, row, column)));
  const classNames = options.classNames ?? wordsOf(rows, target);
  const label = classNames === null ? numberAt : labelIn(classNames);
  const targets = rows.map((row) => label(source, row, target));
  const featureNames = options.header ? features.map((column) => column.label) : null;
  return new TensorDataset(tensor(inputs), tensor(targets), { classNames, featureNames });
}

/** The cells, checked to form a table. */
function readTable(source: string, text: string, { header, delimiter }: Required<CsvOptions>) {
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '\r\n"\ufeff'.includes(delimiter)) {
    throw new ArgumentError(`${source}: delimiter must be one character, such as ";", got ${describe(delimiter)}`);
  }
  if (typeof header !== 'boolean') {
    throw new ArgumentError(`${source}: header must be true or false, got ${describe(header)}`);
  }
  // One kind of line end, so that the parser has none to guess.
  const { data, errors } = Papa.parse<string[]>(text.replace(/\r\n?/g, '\n'), { delimiter, newline: '\n' });
  const [error] = errors;
  if (error !== undefined) throw new DataError(`${source}: row ${(error.row ?? 0) + 1}: ${error.message}`);
  const rows = data.map((cells, i): Row => ({ number: i + 1, cells: cells.map((cell) => cell.trim()) }));
  const filled = rows.filter(({ cells }) => cells.length > 1 || cells[0] !== '');
  const [first, ...others] = filled;
  const body = header ? others : filled;
  if (first === undefined || body.length === 0) throw new DataError(`${source}: expected rows of data, found none`);
  for (const { number, cells } of filled) {
    if (cells.length !== first.cells.length) {
      throw new DataError(
        `${source}: row ${number}: expected ${first.cells.length} cells, as in row ${first.number}, ` +
          `found ${cells.length}`,
      );
    }
  }
  const columns = first.cells.map((cell, at): Column => ({ at, label: header ? cell : String(at) }));
  return { columns, rows: body };
}

function findColumn(source: string, ref: ColumnRef, columns: readonly Column[]): Column {
  const found = columns.filter(({ at, label }) => (typeof ref === 'number' ? at === ref : label === ref));
  if (found.length === 1) return found[0]!;
  const labels = columns.map(({ label }) => label);
  const hint = typeof ref === 'string' && found.length === 0 ? `.${nearest(ref, labels)}` : '';
  throw new DataError(
    `${source}: expected one column ${describe(ref)}, found ${found.length} among ${describe(labels)}${hint}`,
  );
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function isNumber(cell: string): boolean {
  return decimal.test(cell) && Number.isFinite(Number(cell));
}

function numberAt(source: string, row: Row, column: Column): number {
  const cell = row.cells[column.at]!;
  if (isNumber(cell)) return Number(cell);
  throw misfit(source, row, column, 'a number');
}

/** The distinct words of a column that has no number in it, in alphabetical order; `null` if it has. */
function wordsOf(rows: readonly Row[], { at }: Column): string[] | null {
  const words = new Set(rows.map(({ cells }) => cells[at]!).filter((cell) => cell !== ''));
  return words.size === 0 || [...words].some(isNumber) ? null : [...words].sort();
}

function labelIn(classNames: readonly string[]) {
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return (source: string, row: Row, column: Column): number => {
    const label = labels.get(row.cells[column.at]!);
    if (label === undefined) throw misfit(source, row, column, `one of ${describe(classNames)}`);
    return label;
  };
}

function misfit(source: string, { number, cells }: Row, { at, label }: Column, expected: string): DataError {
  const found = cells[at] === '' ? 'an empty cell' : describe(cells[at]);
  return new DataError(`${source}: row ${number}, column "${label}": expected ${expected}, found ${found}`);
}
