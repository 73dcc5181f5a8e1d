import { ArgumentError, checkChoice, describe, formatShape, readOptions, Tensor } from '@ndgrad/core';
import { type Dtype, layouts } from './dtype.ts';
import { allocateFile, byteLength, countOf, decodeElements, encodeElements, MOST_DIMS } from './elements.ts';
import { FileError } from './errors.ts';
import { JsonReader, quote } from './json.ts';

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, in the order of the header. */
  tensors: Record<string, Tensor>;
  /** Texts by name, which mean what their writer meant. */
  metadata: Record<string, string>;
  /** In which format each tensor was stored; here all are float64. */
  dtypes: Record<string, Dtype>;
}

/** In which formats tensors are stored. */
export interface SafetensorsOptions {
  /** The format of all tensors but those in `dtypes` (default `'F64'`, without loss). */
  dtype?: Dtype;
  /** The formats of some tensors, by name (default none), as `decodeSafetensors` gives them. */
  dtypes?: Record<string, Dtype>;
}

/** No header is longer, says the format: 100 MB. */
const LONGEST_HEADER = 100_000_000;
/** The header begins behind its length, a 64-bit number. */
const HEADER = 8;
const METADATA = '__metadata__';

/** The formats as the official writer orders them: those of the largest numbers first, so that all lie aligned. */
const order: readonly Dtype[] = [
  'U64',
  'I64',
  'F64',
  'F32',
  'U32',
  'I32',
  'BF16',
  'F16',
  'U16',
  'I16',
  'I8',
  'U8',
  'BOOL',
];

/** One tensor, as the header describes it. */
interface Entry {
  name: string;
  dtype: Dtype;
  shape: number[];
  /** From the first byte to the one behind the last, counted from the end of the header. */
  offsets: [begin: number, end: number];
  /** The byte of the header where the entry stands. */
  at: number;
}

/**
 * The bytes of a safetensors file: the length of the header in 8 bytes, the header in JSON with name, format, shape and
 * place of every tensor, and the numbers, row by row and without gaps. Tensors stand in the order of the official
 * writer, so that equal tensors give equal bytes.
 * @param metadata texts by name, to be stored with the tensors
 * @throws ArgumentError for a number that the wanted format can't hold, and for names or metadata that are no texts
 * @see https://huggingface.co/docs/safetensors
 */
export function encodeSafetensors(
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
  options?: SafetensorsOptions,
): Uint8Array {
  const { dtype, dtypes } = readOptions('encodeSafetensors', options, { dtype: 'F64' as Dtype, dtypes: {} });
  const wanted = checkTensors('encodeSafetensors', tensors, dtype, dtypes);
  checkMetadata(metadata);
  const rows: string[] = [];
  if (Object.keys(metadata).length > 0) rows.push(`${JSON.stringify(METADATA)}:${JSON.stringify(metadata)}`);
  let end = 0;
  for (const { name, tensor, dtype } of wanted) {
    const offsets = [end, end + byteLength(tensor, dtype)];
    rows.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: tensor.shape, data_offsets: offsets })}`);
    end = offsets[1]!;
  }
  const header = new TextEncoder().encode(`{${rows.join(',')}}`);
  const start = Math.ceil((HEADER + header.length) / 8) * 8;
  if (start - HEADER > LONGEST_HEADER) {
    throw new ArgumentError(`encodeSafetensors: the header would have ${header.length} bytes, more than 100 MB`);
  }
  const bytes = allocateFile('encodeSafetensors', start + end);
  new DataView(bytes.buffer).setUint32(0, start - HEADER, true);
  bytes.fill(0x20, HEADER + header.length, start);
  bytes.set(header, HEADER);
  let at = start;
  for (const { name, tensor, dtype } of wanted) {
    encodeElements(`encodeSafetensors: ${quote(name)}`, tensor, dtype, bytes, at);
    at += byteLength(tensor, dtype);
  }
  return bytes;
}

interface Wanted {
  name: string;
  tensor: Tensor;
  dtype: Dtype;
}

/** What is to be written, in the order of the official writer. */
function checkTensors(
  operation: string,
  tensors: Record<string, Tensor>,
  dtype: Dtype,
  dtypes: Record<string, Dtype>,
): Wanted[] {
  const stray = Object.keys(dtypes).find((name) => !Object.hasOwn(tensors, name));
  if (stray !== undefined) throw new ArgumentError(`${operation}: dtypes: there is no tensor ${quote(stray)}`);
  const wanted = Object.entries(tensors).map(([name, tensor]) => {
    checkText(operation, 'a name', name);
    if (name === METADATA) throw new ArgumentError(`${operation}: no tensor can be named "${METADATA}"`);
    if (!(tensor instanceof Tensor)) {
      throw new ArgumentError(`${operation}: ${quote(name)} must be a tensor, got ${describe(tensor)}`);
    }
    const own = Object.hasOwn(dtypes, name) ? dtypes[name] : dtype;
    checkChoice(operation, 'dtype', own, order);
    return { name, tensor, dtype: own };
  });
  return wanted.sort((a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype) || compareNames(a.name, b.name));
}

/** By code points, as UTF-8 sorts; JavaScript's own comparison places those beyond 2¹⁶ before others. */
function compareNames(a: string, b: string): number {
  const [others, ours] = [[...b], [...a]];
  for (const [i, character] of ours.entries()) {
    const difference = character.codePointAt(0)! - (others[i]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return ours.length - others.length;
}

function checkMetadata(metadata: Record<string, string>): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new ArgumentError(`encodeSafetensors: metadata must be texts by name, got ${describe(metadata)}`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    checkText('encodeSafetensors', 'a name of the metadata', key);
    checkText('encodeSafetensors', `metadata ${quote(key)}`, value);
  }
}

function checkText(operation: string, what: string, text: unknown): void {
  if (typeof text !== 'string' || /\p{Surrogate}/u.test(text)) {
    throw new ArgumentError(`${operation}: ${what} must be text of whole characters, got ${describe(text)}`);
  }
}

/**
 * The tensors in the bytes of a safetensors file, whatever their format, as float64. Files may come from anywhere:
 * every length is checked before memory is taken for it, and nothing in them is executed. What is read takes at most
 * eight times the file's bytes, plus what many small tensors take.
 * @param options name: what errors call the bytes, such as the file's path (default `'the bytes'`)
 * @throws FileError, with the byte, for what is not a safetensors file: lengths that do not fit the bytes, a header that
 *   is no JSON of the known form, names that come twice, data with gaps or overlaps; for formats that are not read (8
 *   bits and less, complex), and for whole numbers that a double can't hold
 */
export function decodeSafetensors(bytes: Uint8Array, options?: { name?: string }): Safetensors {
  const { name } = readOptions('decodeSafetensors', options, { name: 'the bytes' });
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(`decodeSafetensors: the bytes must be a Uint8Array, got ${describe(bytes)}`);
  }
  const start = dataStart(name, bytes);
  const { entries, metadata } = readHeader(name, bytes, start);
  checkPlaces(name, entries, start, bytes.length);
  return {
    tensors: Object.fromEntries(
      entries.map(({ name: key, dtype, shape, offsets: [begin] }) => [
        key,
        decodeElements({ name, bytes, at: start + begin, dtype, shape }),
      ]),
    ),
    metadata,
    dtypes: Object.fromEntries(entries.map(({ name: key, dtype }) => [key, dtype])),
  };
}

/** The first byte behind the header. */
function dataStart(name: string, bytes: Uint8Array): number {
  if (bytes.length < HEADER + 2) {
    const problem = `it has ${bytes.length} bytes, and a safetensors file has 10 at least`;
    throw new FileError(name, problem, 'get the whole file', { at: bytes.length });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const length = view.getBigUint64(0, true);
  const problem = `the header would have ${length} bytes`;
  if (length > LONGEST_HEADER) {
    const fix = 'no header has more than 100 MB; check that it is a safetensors file';
    throw new FileError(name, problem, fix, { at: 0 });
  }
  const start = HEADER + Number(length);
  if (start > bytes.length) {
    const fix = `the file ends after ${bytes.length}; get the whole file`;
    throw new FileError(name, problem, fix, { at: 0 });
  }
  return start;
}

function readHeader(
  name: string,
  bytes: Uint8Array,
  end: number,
): { entries: Entry[]; metadata: Safetensors['metadata'] } {
  const reader = new JsonReader(name, bytes, HEADER, end);
  if (bytes[HEADER] !== 0x7b) reader.fail('the header does not begin with {', 'check that it is a safetensors file');
  let metadata = {};
  const entries: Entry[] = [];
  reader.object((key, at) => {
    if (key === METADATA) metadata = Object.fromEntries(reader.object(() => reader.string()));
    else entries.push({ name: key, at, ...readEntry(reader, key, at) });
  });
  reader.skipSpace();
  if (reader.at < end) reader.fail('there is more behind the header', 'write the file again');
  return { entries, metadata };
}

function readEntry(reader: JsonReader, name: string, at: number): Pick<Entry, 'dtype' | 'shape' | 'offsets'> {
  let dtype: Dtype | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((key, at) => {
    if (key === 'dtype') dtype = readDtype(reader, name);
    else if (key === 'shape') shape = reader.counts(MOST_DIMS);
    else if (key === 'data_offsets') offsets = reader.counts(2);
    else reader.fail(`${quote(name)} has the unknown key ${quote(key)}`, 'write the file again', at);
  });
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    return reader.fail(`${quote(name)} needs dtype, shape and two data_offsets`, 'write the file again', at);
  }
  return { dtype, shape, offsets: offsets as [number, number] };
}

function readDtype(reader: JsonReader, name: string): Dtype {
  reader.skipSpace();
  const { at } = reader;
  const dtype = reader.string();
  if (Object.hasOwn(layouts, dtype)) return dtype as Dtype;
  reader.fail(
    `${quote(name)} has the format ${quote(dtype)}, which is not read`,
    `write it as ${order.join(', ')}`,
    at,
  );
}

/** Every byte of the data belongs to one tensor, and every tensor has the bytes of its shape. */
function checkPlaces(name: string, entries: readonly Entry[], start: number, length: number): void {
  let end = 0;
  const fail = (problem: string, fix: string, at: number): never => {
    throw new FileError(name, problem, fix, { at });
  };
  const inPlace = entries.toSorted((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  for (const { name: key, dtype, shape, offsets, at } of inPlace) {
    const count = countOf(shape);
    const size = count === null ? Infinity : count * layouts[dtype].size;
    const place = `the bytes ${offsets[0]} to ${offsets[1]} of the data`;
    if (offsets[1] - offsets[0] !== size) {
      fail(
        `${quote(key)}, ${dtype} of shape ${formatShape(shape)}, does not fill ${place}`,
        'write the file again',
        at,
      );
    }
    if (offsets[0] !== end) {
      const problem = offsets[0] < end ? 'overlaps the tensor before it' : 'leaves a gap before it';
      fail(`${quote(key)}, in ${place}, ${problem}`, 'write the file again', at);
    }
    end = offsets[1];
    if (start + end > length) fail(`${quote(key)} goes beyond the file's ${length} bytes`, 'get the whole file', at);
  }
  if (start + end < length)
    fail(`${length - start - end} bytes belong to no tensor`, 'write the file again', start + end);
}
