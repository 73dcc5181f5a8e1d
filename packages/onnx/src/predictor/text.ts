import { base64Encode } from '@bufbuild/protobuf/wire';
import type { Body, Weight } from './body.ts';
import { literal, product } from './emit.ts';
import { sourceOf } from './helpers.ts';

/** What a predictor tells of itself. */
export interface Facts {
  readonly name: string;
  /** Of one example. */
  readonly inputShape: readonly number[];
  /** Of one example's output. */
  readonly outputShape: readonly number[];
  readonly classes: readonly string[] | null;
}

/** The module's source. */
export function codeOf({ name, inputShape, outputShape, classes }: Facts, { lines, weights, helpers }: Body): string {
  const [inputs, outputs] = [product(inputShape), product(outputShape)];
  return `// A neural network as plain JavaScript, exported by ndgrad. It depends on nothing.

/** What the model is called. */
export const name = ${text(name)};
/** The sizes of one example. */
export const inputShape = ${literal(inputShape)};
/** The sizes of one example's output. */
export const outputShape = ${literal(outputShape)};
/** The names of the classes, in the order of their scores. */
export const classes = ${classes === null ? 'null' : text(classes)};

/** The model's outputs for one example or several, whose numbers are in lists, nested or not. */
export function predict(input) {
  const numbers = numbersOf(input);
  const count = numbers.length / ${inputs};
  if (count === 0 || !Number.isInteger(count)) {
    throw new RangeError(\`predict: an example has ${inputs} numbers, got \${numbers.length}\`);
  }
  const outputs = new Float64Array(count * ${outputs});
  for (let i = 0; i < count; i++) {
    outputs.set(run(numbers.subarray(i * ${inputs}, (i + 1) * ${inputs})), i * ${outputs});
  }
  return outputs;
}
${classes === null ? '' : classifyCode(outputs)}
/** What is computed of one example. */
function run(input) {
${lines.map((line) => `  ${line}`).join('\n')}
}

function numbersOf(input) {
  const numbers = [];
  const visit = (part) => {
    if (typeof part === 'number') numbers.push(part);
    else if (Array.isArray(part) || (ArrayBuffer.isView(part) && !(part instanceof DataView))) for (const item of part) visit(item);
    else throw new TypeError(\`predict: expected numbers, got \${part === null ? 'null' : typeof part}\`);
  };
  visit(input);
  return Float64Array.from(numbers);
}

${sourceOf(helpers)}

${weightsCode(weights)}`;
}

const classifyCode = (outputs: number): string => `
/** The name of the class with the highest score, for each example. */
export function classify(input) {
  const scores = predict(input);
  return Array.from({ length: scores.length / ${outputs} }, (_, i) => {
    const row = scores.subarray(i * ${outputs}, (i + 1) * ${outputs});
    return classes[row.indexOf(Math.max(...row))];
  });
}
`;

/** The weights, as the doubles' bytes. */
function weightsCode(weights: readonly Weight[]): string {
  const all = new Float64Array(weights.reduce((sum, { numbers }) => sum + numbers.length, 0));
  let end = 0;
  const parts = weights.map(({ variable, numbers, shape, name }) => {
    const start = end;
    all.set(numbers, start);
    end += numbers.length;
    const what = printable(`${name === null ? 'a constant' : name} ${literal(shape)}`);
    return `const ${variable} = weights.subarray(${start}, ${end}); // ${what}`;
  });
  if (parts.length === 0) return '';
  return `/** Doubles in base64. */
function decode(text) {
  const encoded = atob(text);
  const bytes = new Uint8Array(encoded.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = encoded.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

const weights = decode('${base64Encode(new Uint8Array(all.buffer))}');
${parts.join('\n')}
`;
}

/** The module's types. */
export function typesOf({ inputShape, outputShape, classes }: Facts): string {
  const classify = `
/** The name of the class with the highest score, for each example. */
export declare function classify(input: Numbers): string[];
`;
  return `/** Numbers in lists, nested or not. */
export type Numbers = ArrayLike<number> | readonly Numbers[];

/** What the model is called. */
export declare const name: string;
/** The sizes of one example. */
export declare const inputShape: readonly ${literal(inputShape)};
/** The sizes of one example's output. */
export declare const outputShape: readonly ${literal(outputShape)};
/** The names of the classes, in the order of their scores. */
export declare const classes: ${classes === null ? 'null' : `readonly ${text(classes)}`};

/**
 * The model's outputs, one example's after the other's.
 * @param input the numbers of one example or several, in row-major order
 * @throws RangeError for another number of numbers; TypeError for anything but numbers
 */
export declare function predict(input: Numbers): Float64Array;
${classes === null ? '' : classify}`;
}

const text = (value: unknown): string => JSON.stringify(value);

/** Text for a comment: it must not end the line. */
const printable = (value: string): string => value.replace(/[^ -~]/g, '?');
