import { select, Tensor, tensor } from '@ndgrad/core';

/** A tensor as the files store it: flat, row-major. */
export interface StoredTensor {
  shape: number[];
  data: Stored[];
  dtype: 'float64' | 'int64' | 'bool';
  requiresGrad?: boolean;
  /** Strides in elements, where the tensor was not contiguous. */
  strides?: number[];
}

/** What JSON holds; non-finite numbers are strings. */
export type Stored = number | string | boolean | null | Stored[] | { [key: string]: Stored } | StoredTensor;

/** A call: its positional arguments and its options, under PyTorch's names. */
export interface Call {
  args: Stored[];
  kwargs: Record<string, Stored>;
}

const nonFinite: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity };

/** A number of the files, which store non-finite ones as strings. */
export function decodeNumber(value: Stored): number {
  return typeof value === 'string' ? nonFinite[value]! : Number(value);
}

/** Whether a stored value is a tensor. */
export function isStoredTensor(value: unknown): value is StoredTensor {
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
}

/** The tensor of a stored one, a leaf, with the strides it had. */
export function decodeTensor({ shape, data, strides, requiresGrad = false }: StoredTensor): Tensor {
  const x = tensor(Float64Array.from(data, decodeNumber), { shape });
  return (strides === undefined ? x : strided(x, strides)).detach().requiresGrad_(requiresGrad);
}

/** `x` laid out in memory with its dims ordered by falling stride; an innermost stride of 2 leaves out every other number. */
function strided(x: Tensor, strides: readonly number[]): Tensor {
  const order = strides.map((_, dim) => dim).sort((a, b) => strides[b]! - strides[a]! || a - b);
  const laidOut = tensor(x.permute(order));
  const spread = Math.min(...strides) === 2 ? select(doubled(laidOut), -1, 0) : laidOut;
  return spread.permute(order.map((_, dim) => order.indexOf(dim)));
}

function doubled(x: Tensor): Tensor {
  return tensor(x.unsqueeze(-1).expand([...x.shape, 2]));
}

/** Hands each tensor of a call on under its path: `args/0`, `args/0/1`, `kwargs/weight`. */
export type Visit = (path: string, x: Tensor) => void;

/** The value that a stored argument stands for; `other` makes what is neither list, tensor nor plain value. */
export function decode(value: Stored, path: string, visit: Visit, other = refuse): unknown {
  if (Array.isArray(value)) return value.map((item, i) => decode(item, `${path}/${i}`, visit, other));
  if (isStoredTensor(value)) {
    const x = decodeTensor(value);
    visit(path, x);
    return x;
  }
  if (typeof value === 'object' && value !== null) return other(value as Record<string, Stored>);
  return typeof value === 'string' && value in nonFinite ? nonFinite[value] : value;
}

function refuse(value: Record<string, Stored>): unknown {
  throw new TypeError(`no value for ${JSON.stringify(value).slice(0, 80)}`);
}

/** The arguments of a call by the API rule: the required ones positional, the others camelCased in one trailing object. */
export function decodeCall({ args, kwargs }: Call, visit: Visit, other = refuse): unknown[] {
  const positional = args.map((value, i) => decode(value, `args/${i}`, visit, other));
  const options = Object.entries(kwargs).map(([key, value]) => {
    return [camelCase(key), decode(value, `kwargs/${key}`, visit, other)];
  });
  return options.length === 0 ? positional : [...positional, Object.fromEntries(options)];
}

/** Options under ndgrad's names. */
export function decodeOptions(options: Record<string, Stored>, other = refuse): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [camelCase(key), decode(value, key, () => {}, other)]),
  );
}

/** `log_softmax` → `logSoftmax`, `kaiming_uniform_` → `kaimingUniform_`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The results as a list: of one tensor, a list, or named results in PyTorch's order. */
export function listOf(result: unknown, names?: string[]): unknown[] {
  if (Array.isArray(result)) return result;
  if (result === null || result instanceof Tensor || isStoredTensor(result)) return [result];
  const named = result as Record<string, unknown>;
  return names ? names.map((name) => named[name]) : Object.values(named);
}

/** `output` for one result, `output/0`, `output/1`, … for a list. */
export function pathsOf(name: string, stored: unknown): string[] {
  return Array.isArray(stored) ? stored.map((_, i) => `${name}/${i}`) : [name];
}
