import type { Tensor } from '@ndgrad/core';
import { type AttributeProto, elementType, type NodeProto, type TensorProto } from './proto.ts';
import type { Batches, Size } from './sizes.ts';

/** The type of a graph's numbers. */
export type Dtype = 'float32' | 'float64';

/** What a graph is to be made of. */
export interface Target {
  readonly dtype: Dtype;
  /** The version of the operators. */
  readonly opset: number;
}

/** Whether a float attribute, which is of single precision whatever the graph's numbers are, tells a number well enough. */
export function isExact(value: number, { dtype }: Target): boolean {
  return dtype === 'float32' || Math.fround(value) === value;
}

/** An operand, as a mapping sees it. */
export interface Value {
  readonly shape: readonly Size[];
  /** The numbers, where they do not depend on the graph's inputs. */
  readonly constant: Tensor | null;
  /** Of a constant that is no parameter or buffer: the one number that it is made of, if it is. */
  readonly filler: number | null;
  /** Its name in the graph. To ask for it writes it down, if it is a constant. */
  readonly name: string;
}

type Attributes = Readonly<Record<string, number | readonly number[] | string>>;

/** Attributes that are no whole numbers, even where their value is one. */
const reals = ['alpha', 'epsilon', 'gamma'];

/**
 * A graph that grows node by node. All numbers are of its dtype; where an operator takes or gives indices or truth
 * values, they are cast on the spot. Every method that writes something gives the name of the value it stands for.
 */
export class GraphBuilder implements Target {
  private readonly nodes: NodeProto[] = [];
  private readonly madeBy = new Map<string, NodeProto>();
  private readonly constants = new Map<string, TensorProto>();
  /** Small constants by their contents. */
  private readonly known = new Map<string, string>();
  /** For numbers that were cast from indices or truth values, what they were before. */
  private readonly uncast = new Map<string, { from: 'int64' | 'bool'; name: string }>();
  private readonly casts = new Map<string, string>();
  private batch: string | null = null;
  /** The path of the module whose operations are being written: nodes are named after it. */
  scope = '';

  /**
   * @param names that are taken
   * @param batched the input whose dim 0 is the batch, or `null` where sizes are fixed
   */
  constructor(
    readonly dtype: Dtype,
    readonly opset: number,
    private readonly names: Set<string>,
    private readonly batched: string | null,
  ) {}

  /** A node with one output. */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(opType, inputs, attributes, 1)[0]!;
  }

  /** A node with several outputs. */
  nodeOf(opType: string, inputs: readonly string[], attributes: Attributes, outputs: number): string[] {
    const name = this.unique(this.scope === '' ? opType : `${this.scope}/${opType}`);
    const output = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : this.unique(`${name}.${i}`)));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    const node = { input: [...inputs], output, name, opType, attribute };
    this.nodes.push(node);
    for (const y of output) this.madeBy.set(y, node);
    return output;
  }

  /** A reduction, whose dims stay with size 1 unless they are to be dropped. */
  reduced(opType: string, x: string, axes: readonly number[], drop = false): string {
    if (axes.length === 0) return x; // for ONNX, no dims are all dims
    const keepdims = drop ? 0 : 1;
    // Since opset 18, all reductions take the dims as an input; before, the sum alone.
    if (opType === 'ReduceSum' || this.opset >= 18) return this.node(opType, [x, this.ints(axes)], { keepdims });
    return this.node(opType, [x], { axes, keepdims });
  }

  /** The node that gives a value; none gives an input or a constant. */
  producerOf(name: string): NodeProto | undefined {
    return this.madeBy.get(name);
  }

  // Constants

  /** A number, or several in a shape. */
  floats(values: number | Float64Array | readonly number[], shape: readonly number[] = []): string {
    const data = typeof values === 'number' ? [values] : values;
    return this.small(`${this.dtype} ${shape}`, data, () => {
      const numbers = this.dtype === 'float32' ? Float32Array.from(data) : Float64Array.from(data);
      return { dims: shape, dataType: elementType[this.dtype], rawData: bytesOf(numbers) };
    });
  }

  /** Indices or sizes; by default a list. */
  ints(values: Float64Array | readonly number[], shape: readonly number[] = [values.length]): string {
    return this.small(`int64 ${shape}`, values, () => {
      const numbers = BigInt64Array.from(values as readonly number[], BigInt);
      return { dims: shape, dataType: elementType.int64, rawData: bytesOf(numbers) };
    });
  }

  /** A constant under a name of its own. */
  named(name: string, x: Tensor): string {
    if (!this.constants.has(name)) {
      const numbers = x.toArray();
      const rawData = bytesOf(this.dtype === 'float32' ? Float32Array.from(numbers) : numbers);
      this.constants.set(name, { name, dims: x.shape, dataType: elementType[this.dtype], rawData });
    }
    return name;
  }

  private small(type: string, values: Float64Array | readonly number[], make: () => TensorProto): string {
    const key = values.length > 64 ? null : `${type}:${Array.from(values, (v) => (Object.is(v, -0) ? '-0' : v))}`;
    const before = key === null ? undefined : this.known.get(key);
    if (before !== undefined) return before;
    const name = this.unique('constant');
    this.constants.set(name, { ...make(), name });
    if (key !== null) this.known.set(key, name);
    return name;
  }

  // Sizes

  /** Sizes as a list, worked out from the input's where they depend on the batch. */
  sizes(sizes: readonly (number | Batches)[]): string {
    if (sizes.every((size) => typeof size === 'number')) return this.ints(sizes);
    const parts: string[] = [];
    let plain: number[] = [];
    const flush = () => {
      if (plain.length > 0) parts.push(this.ints(plain));
      plain = [];
    };
    for (const size of sizes) {
      if (typeof size === 'number') plain.push(size);
      else {
        flush();
        parts.push(this.multiple(size));
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis: 0 });
  }

  private multiple({ batches }: Batches): string {
    if (this.batch === null) {
      const scope = this.scope;
      this.scope = '';
      this.batch = this.node('Shape', [this.batched!], { start: 0, end: 1 });
      this.scope = scope;
    }
    return batches === 1 ? this.batch : this.node('Mul', [this.batch, this.ints([batches])]);
  }

  // Indices and truth values

  /** Numbers as indices. */
  indices(value: Value): string {
    if (value.constant !== null) return this.ints(value.constant.toArray(), value.constant.shape);
    return this.toInts(value.name);
  }

  private toInts(name: string): string {
    const node = this.madeBy.get(name);
    // Before a reshape rather than behind it, so that an input that holds nothing but indices can be seen to.
    if (node?.opType === 'Reshape') return this.node('Reshape', [this.toInts(node.input[0]!), node.input[1]!]);
    return this.cast(name, 'int64');
  }

  /** Numbers as truth values: whatever is not 0 is true. */
  truths(value: Value): string {
    return this.cast(value.name, 'bool');
  }

  /** Indices or truth values as numbers. */
  numbers(name: string, from: 'int64' | 'bool'): string {
    const y = this.node('Cast', [name], { to: elementType[this.dtype] });
    this.uncast.set(y, { from, name });
    return y;
  }

  private cast(name: string, to: 'int64' | 'bool'): string {
    const before = this.uncast.get(name);
    if (before?.from === to) return before.name;
    const key = `${name} ${to}`;
    const done = this.casts.get(key);
    if (done !== undefined) return done;
    const y = this.node('Cast', [name], { to: elementType[to] });
    this.casts.set(key, y);
    return y;
  }

  // The whole

  /** Nodes and constants that the results need, which get the given names. */
  finish(results: readonly string[], names: readonly string[]): { nodes: NodeProto[]; constants: TensorProto[] } {
    this.scope = '';
    const own = results.map((name, i) =>
      this.madeBy.has(name) && results.indexOf(name) === i ? name : this.node('Identity', [name]),
    );
    const needed = new Set(own);
    for (const node of [...this.nodes].reverse()) {
      if (node.output.some((name) => needed.has(name))) for (const name of node.input) needed.add(name);
    }
    const renamed = new Map(own.map((name, i) => [name, names[i]!]));
    const rename = (name: string) => renamed.get(name) ?? name;
    const nodes = this.nodes
      .filter(({ output }) => output.some((name) => needed.has(name)))
      .map((node) => ({ ...node, input: node.input.map(rename), output: node.output.map(rename) }));
    return { nodes, constants: [...this.constants].flatMap(([name, tensor]) => (needed.has(name) ? [tensor] : [])) };
  }

  /** A name that is not taken yet, and now is. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }
}

function attributeOf(name: string, value: number | readonly number[] | string): AttributeProto {
  if (typeof value === 'string') return { name, type: 3, s: value };
  if (typeof value !== 'number') return { name, type: 7, ints: value };
  return reals.includes(name) ? { name, type: 1, f: value } : { name, type: 2, i: value };
}

/** Little-endian, as all that JavaScript runs on is. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
