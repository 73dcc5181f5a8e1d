import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';

/** A new folder with the given files; it is gone when the tests of the calling file have run. */
export function folderWith(files: Record<string, Uint8Array | string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-data-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An IDX file: two zero bytes, type, number of dimensions, big-endian sizes, elements. */
export function idx(shape: readonly number[], elements: ArrayLike<number>, type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + elements.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type * 256 + shape.length);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(elements, 4 + 4 * shape.length);
  return bytes;
}

/** Has packages looked up in node_modules folders alone, not on the NODE_PATH that package managers set for commands. */
export function ignoreNodePath(): void {
  const { _initPaths: readAgain } = Module as unknown as { _initPaths(): void };
  beforeAll(() => {
    vi.stubEnv('NODE_PATH', '');
    readAgain();
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    readAgain();
  });
}
