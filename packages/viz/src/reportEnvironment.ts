import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { backend } from '@ndgrad/core';

const packages = ['core', 'nn', 'optim', 'data', 'train', 'viz'];

/** On what a program runs: versions and machine. */
export function environment(): Record<string, string> {
  const processors = cpus();
  const { name, reason } = backend();
  return {
    Node: process.version.slice(1),
    packages: versions(),
    kernels: `${name} (${reason})`,
    system: `${platform()} ${release()}, ${arch()}`,
    processor: `${processors[0]?.model.trim() || 'unknown'}, ${processors.length} threads`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  };
}

/** `@ndgrad/core 0.1.0, …`; those of one version together. */
function versions(): string {
  const byVersion = new Map<string, string[]>();
  for (const name of packages) {
    const version = versionOf(`@ndgrad/${name}`);
    byVersion.set(version, [...(byVersion.get(version) ?? []), name]);
  }
  return [...byVersion].map(([version, names]) => `@ndgrad/{${names.join(', ')}} ${version}`).join('; ');
}

/** From the package.json above the package's main file. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  let folder = dirname(name === '@ndgrad/viz' ? require.resolve('../package.json') : require.resolve(name));
  while (folder !== dirname(folder)) {
    const description = descriptionIn(folder);
    if (description?.name === name) return description.version ?? 'unknown';
    folder = dirname(folder);
  }
  return 'unknown';
}

function descriptionIn(folder: string): { name?: string; version?: string } | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
