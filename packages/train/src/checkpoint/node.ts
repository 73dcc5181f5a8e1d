import { CheckpointError } from '../errors.ts';

// Node's modules are reached at first use, not imported, so that the rest of the package also runs in a browser.
type NodeModules = typeof process.getBuiltinModule;

/** One of Node's own modules. @throws CheckpointError outside Node */
export const nodeModule: NodeModules = (id: string) => {
  const modules = globalThis.process?.getBuiltinModule as NodeModules | undefined;
  if (modules !== undefined) return modules(id as 'fs');
  throw new CheckpointError('checkpoints need Node: here are no files');
};

let io: Promise<typeof import('@ndgrad/io')> | undefined;

/** The package that reads and writes files, loaded once. */
export function files(): Promise<typeof import('@ndgrad/io')> {
  io ??= import('@ndgrad/io');
  return io;
}
