import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { backend } from '../src/index.ts';

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));

/** Runs a line in a process of its own, with the variable set. */
function run(NDGRAD_BACKEND: string, line: string) {
  const script = `import * as nd from ${JSON.stringify(index)}; ${line}`;
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, NDGRAD_BACKEND },
    encoding: 'utf8',
  });
}

describe('backend', () => {
  it('says what runs, and why', () => {
    const { name, reason } = backend();
    expect(reason).toBe(process.env.NDGRAD_BACKEND ? 'NDGRAD_BACKEND asks for it' : 'the default');
    expect(name).toBe(process.env.NDGRAD_BACKEND || 'wasm');
  });

  it('is forced by NDGRAD_BACKEND', () => {
    const line = 'console.log(nd.backend().name, nd.matmul(nd.ones([2, 3]), nd.ones([3, 2])).sum().item())';
    expect(run('reference', line).stdout).toBe('reference 12\n');
    expect(run('wasm', line).stdout).toBe('wasm 12\n');
  });

  it('refuses a name that it does not know', () => {
    expect(run('wsam', 'nd.backend()').stderr).toMatch(
      /ArgumentError: NDGRAD_BACKEND: the value must be one of "reference", "wasm", got "wsam". Did you mean "wasm"\?/,
    );
  });
});
