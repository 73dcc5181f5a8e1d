import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// The part of ONNX's schema that a model needs, and its encoding. Field numbers are those of `onnx.proto`.
// @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

/** Numbers that stand for the types of elements. */
export const elementType = { float32: 1, int64: 7, bool: 9, float64: 11 } as const;

/** A constant: sizes, the type of its elements, and these in row-major order, little-endian. */
export interface TensorProto {
  dims: readonly number[];
  dataType: number;
  name?: string;
  rawData: Uint8Array;
}

/** An argument of an operator that is no tensor. */
export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: string;
  ints?: readonly number[];
}

/** One operator at work: names of what it takes (`''` for what is left out) and of what it gives. */
export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: AttributeProto[];
}

/** An input or output: sizes, where a dim may have a name instead. */
export interface ValueInfoProto {
  name: string;
  type: {
    tensorType: { elemType: number; shape: { dim: readonly { dimValue?: number; dimParam?: string }[] } };
  };
}

export interface GraphProto {
  node: readonly NodeProto[];
  name: string;
  initializer: readonly TensorProto[];
  input: readonly ValueInfoProto[];
  output: readonly ValueInfoProto[];
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  graph: GraphProto;
  opsetImport: readonly { domain: string; version: number }[];
  metadataProps: readonly { key: string; value: string }[];
}

/** How the fields of a message are written: number and kind by name. A list is written as a repeated field. */
interface Message {
  readonly [field: string]: readonly [number: number, kind: 'int' | 'float' | 'text' | 'bytes' | Message];
}

const tensor: Message = {
  dims: [1, 'int'],
  dataType: [2, 'int'],
  name: [8, 'text'],
  rawData: [9, 'bytes'],
};
const attribute: Message = {
  name: [1, 'text'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'text'],
  ints: [8, 'int'],
  type: [20, 'int'],
};
const node: Message = {
  input: [1, 'text'],
  output: [2, 'text'],
  name: [3, 'text'],
  opType: [4, 'text'],
  attribute: [5, attribute],
};
const dim: Message = { dimValue: [1, 'int'], dimParam: [2, 'text'] };
const tensorType: Message = { elemType: [1, 'int'], shape: [2, { dim: [1, dim] }] };
const valueInfo: Message = { name: [1, 'text'], type: [2, { tensorType: [1, tensorType] }] };
const graph: Message = {
  node: [1, node],
  name: [2, 'text'],
  initializer: [5, tensor],
  input: [11, valueInfo],
  output: [12, valueInfo],
};
const model: Message = {
  irVersion: [1, 'int'],
  producerName: [2, 'text'],
  graph: [7, graph],
  opsetImport: [8, { domain: [1, 'text'], version: [2, 'int'] }],
  metadataProps: [14, { key: [1, 'text'], value: [2, 'text'] }],
};

/** The model as the bytes of a `.onnx` file. */
export function encodeModel(value: ModelProto): Uint8Array {
  return write(new BinaryWriter(), model, value).finish();
}

function write(writer: BinaryWriter, message: Message, value: object): BinaryWriter {
  for (const [field, [number, kind]] of Object.entries(message)) {
    const given: unknown = (value as Record<string, unknown>)[field];
    const items: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
    for (const item of items) {
      if (kind === 'int') writer.tag(number, WireType.Varint).int64(item as number);
      else if (kind === 'float') writer.tag(number, WireType.Bit32).float(item as number);
      else if (kind === 'text') writer.tag(number, WireType.LengthDelimited).string(item as string);
      else if (kind === 'bytes') writer.tag(number, WireType.LengthDelimited).bytes(item as Uint8Array);
      else write(writer.tag(number, WireType.LengthDelimited).fork(), kind, item as object).join();
    }
  }
  return writer;
}
