import { ArgumentError, describe, readOptions } from '@ndgrad/core';
import { type AnyModule, type KeyMismatch, Module, type StateDict } from '@ndgrad/nn';
import { writeFileAtomic } from './atomic.ts';
import type { Dtype } from './dtype.ts';
import { FileError } from './errors.ts';
import { readFileWhole } from './files.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/** What is stored with the weights, and how. */
export interface SaveWeightsOptions {
  /** Texts by name, to be stored with the weights (default none); `format` is `'pt'`, PyTorch's, unless given. */
  metadata?: Record<string, string>;
  /** The format of the numbers (default `'F64'`, without loss); `'F32'` takes half the bytes. Counters stay `'I64'`. */
  dtype?: Dtype;
}

/** What came with the weights. */
export interface LoadedWeights {
  /** The texts stored with the weights. */
  metadata: Record<string, string>;
  /** The names in the file, in its order. */
  keys: string[];
  /** The module's names that the file lacks; none where `strict`. */
  missingKeys: string[];
  /** The file's names that the module lacks; none where `strict`. */
  unexpectedKeys: string[];
}

/**
 * Saves the parameters and buffers of a module in a safetensors file, whole or not at all. Names and layouts are those
 * of PyTorch's `state_dict`: there, `load_state_dict(load_file(path))` takes them.
 * @throws FileError where the file can't be written; what was there then stays
 * @throws ArgumentError for a number that the wanted format can't hold
 * @see `writeFileAtomic`, `encodeSafetensors`
 */
export async function saveWeights(module: AnyModule, path: string, options?: SaveWeightsOptions): Promise<void> {
  const { metadata, dtype } = readOptions('saveWeights', options, { metadata: {}, dtype: 'F64' as Dtype });
  const state = checkModule('saveWeights', module).stateDict();
  await writeFileAtomic(
    path,
    encodeSafetensors(state, { format: 'pt', ...metadata }, { dtype, dtypes: counters(Object.keys(state)) }),
  );
}

/** What PyTorch counts in whole numbers, not in floats. */
function counters(keys: readonly string[]): Record<string, Dtype> {
  return Object.fromEntries(keys.filter((key) => /(^|\.)num_batches_tracked$/.test(key)).map((key) => [key, 'I64']));
}

/**
 * Loads the parameters and buffers of a module, in place, from a safetensors file: one of `saveWeights` or of PyTorch.
 * @param options strict (default true): whether names that are missing or unexpected are errors. Wrong shapes always are.
 * @throws FileError where the file can't be read, is no safetensors file, or does not fit the module: then all that
 *   does not fit is listed. The module is then as it was.
 * @see `decodeSafetensors`, `Module.loadStateDict`
 */
export async function loadWeights(
  module: AnyModule,
  path: string,
  options?: { strict?: boolean },
): Promise<LoadedWeights> {
  const { strict } = readOptions('loadWeights', options, { strict: true });
  checkModule('loadWeights', module);
  const { tensors, metadata } = decodeSafetensors(await readFileWhole(path), { name: path });
  return { metadata, keys: Object.keys(tensors), ...loadInto(module, tensors, path, strict) };
}

function loadInto(module: AnyModule, tensors: StateDict, path: string, strict: boolean): KeyMismatch {
  try {
    return module.loadStateDict(tensors, { strict });
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    const problem = cause.message.replace(/^loadStateDict: /, '');
    const fix = strict ? 'the names may differ with { strict: false }, the shapes never' : 'the shapes must be equal';
    throw new FileError(path, problem, `build the module that was saved; ${fix}`, { cause });
  }
}

function checkModule(operation: string, module: unknown): AnyModule {
  if (module instanceof Module) return module;
  throw new ArgumentError(`${operation}: expected a module, got ${describe(module)}`);
}
