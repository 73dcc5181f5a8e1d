import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../src/command.ts';

/** The exit code and the printed lines. */
function conformance(...args: string[]): { status: number; lines: string[] } {
  const printed: string[] = [];
  const status = run(args, (text) => printed.push(text));
  return { status, lines: printed.join('\n').split('\n') };
}

/** A folder with one record of `neg`, whose output is as stated. */
function folderOf(kind: string, output: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  mkdirSync(join(folder, kind));
  const x = { shape: [1], data: [2], dtype: 'float64', requiresGrad: true };
  const one = { shape: [1], data: [1], dtype: 'float64' };
  const record = {
    id: 'neg/0',
    op: 'neg',
    args: [x],
    kwargs: {},
    output: { ...one, data: [output] },
    cotangent: one,
    grads: { 'args/0': { ...one, data: [-1] } },
    u: { 'args/0': one },
    grads2: { 'args/0': null, cotangent: { ...one, data: [-1] } },
  };
  writeFileSync(join(folder, kind, 'neg.json'), JSON.stringify({ op: 'neg', cases: [record] }));
  return folder;
}

describe('the command', () => {
  it('counts what passed, and writes the table', () => {
    const folder = folderOf('ops', -2);
    const file = join(folder, 'table.md');
    const { status, lines } = conformance(folder, '--markdown', file);
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
    expect(status).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('| `neg` | 1 | 1 | twice | 0 | 0 | 0 |');
  });

  it('exits with 1 where a number is wrong', () => {
    const { status, lines } = conformance(folderOf('ops', -2.1));
    expect(lines).toContain('✗ ops/neg/0: output[0]: -2, expected -2.1 (error 4.7e-2; 1 of 1 differ)');
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });

  it('counts records that it does not know as failed', () => {
    const { status, lines } = conformance(folderOf('quantised', -2));
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });

  it('replays several folders, and only the named files', () => {
    const { lines } = conformance(folderOf('ops', -2), folderOf('ops', -2), '--only', 'neg');
    expect(lines.at(-1)).toBe('2 passed, 0 failed');
  });

  it('fails where it finds no records', () => {
    expect(conformance(folderOf('ops', -2), '--only', 'exp').status).toBe(1);
    expect(() => conformance('no/such/folder')).toThrow(/no such file or directory/);
    expect(() => conformance('--onyl', 'mul')).toThrow("Unknown option '--onyl'");
  });

  it('hands its exit code to the shell', () => {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const { status, stderr } = spawnSync('node', ['--import', 'tsx', main, '--onyl'], { encoding: 'utf8' });
    expect(stderr).toMatch(/^conformance: Unknown option '--onyl'.*; --help explains\n$/s);
    expect(status).toBe(1);
  });

  it('explains itself', () => {
    expect(conformance('--help').lines[0]).toBe("Replays PyTorch's records and compares every number.");
  });
});
