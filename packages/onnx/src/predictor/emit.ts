import type { Tensor } from '@ndgrad/core';
import type { Helper } from './helpers.ts';

/** An operand of a step: JavaScript for its numbers, which lie in row-major order. */
export interface Operand {
  readonly code: string;
  readonly shape: readonly number[];
  /** The numbers, where they do not depend on the input. */
  readonly constant: Tensor | null;
}

/** A step that is to be written as JavaScript. */
export interface Emission<P = unknown> {
  readonly inputs: readonly Operand[];
  readonly params: P;
  /** Of the result. */
  readonly shape: readonly number[];
  /** A call of a helper, which the predictor then brings along. */
  readonly call: (helper: Helper, ...args: readonly unknown[]) => string;
  /** A name for the value of an expression, which is then worked out once. */
  readonly hold: (code: string) => string;
}

/** Writes a step as an expression for its result, a `Float64Array`. */
export type Emitter<P = unknown> = (emission: Emission<P>) => string;

/** A number, or lists and objects of them, as JavaScript. Text is taken for code. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  const fields = Object.entries(value as object).map(([key, field]) => `${key}: ${literal(field)}`);
  return `{ ${fields.join(', ')} }`;
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, d) => product(shape.slice(d + 1)));
}

/** Strides that show `x` in a larger shape: 0 for what is repeated. */
export function repeating(x: readonly number[], shape: readonly number[]): number[] {
  const strides = stridesOf(x);
  const lead = shape.length - x.length;
  return shape.map((_, d) => (d < lead || x[d - lead] === 1 ? 0 : strides[d - lead]!));
}

/** An operand's numbers, repeated to a shape. */
export function broadcast({ code, shape: own }: Operand, shape: readonly number[], { call }: Emission): string {
  return product(own) === product(shape) ? code : call('view', code, 0, repeating(own, shape), shape);
}

/** An operand's number for element i of a shape that it is repeated to. */
function element(operand: Operand, emission: Emission): string {
  const { shape, hold } = emission;
  if (product(operand.shape) === product(shape)) return `${operand.code}[i]`;
  const strides = repeating(operand.shape, shape);
  const [first, last] = [strides.findIndex((step) => step > 0), strides.findLastIndex((step) => step > 0)];
  const block = shape.slice(first, last + 1);
  if (product(block) !== product(operand.shape)) return `${hold(broadcast(operand, shape, emission))}[i]`;
  const inner = product(shape.slice(last + 1));
  const step = inner === 1 ? 'i' : `Math.floor(i / ${inner})`;
  return `${operand.code}[${product(shape.slice(0, first)) === 1 ? step : `${step} % ${product(block)}`}]`;
}

/**
 * An operation element by element: an expression in a, b and c, which stand for the operands, and in the params that
 * `numbers` picks.
 */
export function elementwise<P>(
  expression: string,
  numbers: (params: P) => Record<string, number> = () => ({}),
): Emitter<P> {
  return (emission) => {
    const { inputs, params, shape, hold } = emission;
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(numbers(params)))
      values[name] = value < 0 ? `(${literal(value)})` : literal(value);
    const whole = inputs.find((x) => x.constant?.numel() !== 1 && product(x.shape) === product(shape));
    const over = whole?.code ?? hold(broadcast(inputs.find((x) => x.constant === null)!, shape, emission));
    inputs.forEach((x, i) => {
      const value = x.constant?.numel() === 1 ? literal(x.constant.item()) : element(x, emission);
      values['abc'[i]!] = x === whole ? 'x' : value.startsWith('-') ? `(${value})` : value;
    });
    // Names, but not those of Math's functions.
    const body = expression.replace(/(?<![.\w])[a-z]+(?![\w(])/g, (name) => values[name] ?? name);
    return `${over}.map(${/\bi\b/.test(body) ? '(x, i)' : '(x)'} => ${body})`;
  };
}
