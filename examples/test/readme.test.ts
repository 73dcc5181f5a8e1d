import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** The fenced blocks of a language. */
const blocks = (language: string) =>
  [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].filter(([, name]) => name === language).map(([, , text]) => text!);

describe('the README', () => {
  it('has code that runs as it stands, and prints what it says', () => {
    const [code] = blocks('ts');
    const printed = /\nprints\n\n```text\n([\s\S]*?)```/.exec(readme)![1];
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code!], {
      cwd: fileURLToPath(new URL('examples', root)),
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe(printed);
  });

  it('names commands that there are', () => {
    const named = [...readme.matchAll(/pnpm(?:@12)? ([a-z:]+)/g)].map(([, script]) => script!);
    expect(named.length).toBeGreaterThan(5);
    for (const script of named) expect(Object.keys(manifest.scripts)).toContain(script);
  });

  it('links to files that there are', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path]) => path!);
    expect(links.length).toBeGreaterThan(2);
    for (const path of links) expect(existsSync(new URL(path, root)), path).toBe(true);
  });
});
