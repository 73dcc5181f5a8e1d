import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitOf, run, startIn } from './helpers.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-reporting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = () => join(folder, `report-${++files}.html`);

describe('--report', () => {
  it('writes what happened to a file, and says where', async () => {
    const file = fresh();
    const { code, out } = await run(`twice --report ${file}`);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^report: ${file}$`, 'm'));
    const page = readFileSync(file, 'utf8');
    for (const part of ['twice: trains two models', 'What it came to', `pnpm train twice --report ${file}`]) {
      expect(page).toContain(part);
    }
  });

  it('writes to <example>.html in the present folder where no file is named', async () => {
    const own = mkdtempSync(join(folder, 'here-'));
    const { child, written } = startIn(own, 'twice', '--report', '--quiet');
    expect(await exitOf(child)).toEqual({ code: 0 });
    expect(written.out).toContain(`report: ${join(own, 'twice.html')}`);
    expect(existsSync(join(own, 'twice.html'))).toBe(true);
  });

  it('is written where a goal was missed, and where the lesson was stopped or failed', async () => {
    for (const [line, ends] of [
      ['quick --lr 0.75', 1],
      ['endless --max-time 1', 0],
      ['wrong', 1],
    ] as const) {
      const file = fresh();
      const { code, out } = await run(`${line} --report ${file}`);
      expect([line, code]).toEqual([line, ends]);
      expect(out).toContain(`report: ${file}`);
      expect(existsSync(file)).toBe(true);
    }
  });

  it('needs a folder that is there, and says so before training', async () => {
    const { code, out, err } = await run(`twice --report ${folder}/none/x.html`);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(`twice: --report: there is no folder ${folder}/none\n`);
  });
});

describe('--compare', () => {
  it('lays an earlier run beside this one', async () => {
    const [first, second] = [fresh(), fresh()];
    await run(`twice --lr 0.125 --report ${first}`);
    const { code } = await run(`twice --report ${second} --compare ${first}`);
    expect(code).toBe(0);
    expect(readFileSync(second, 'utf8')).toContain('--lr 0.125');
  });

  it('needs a report that is there, and says so before training', async () => {
    const { code, out, err } = await run(`twice --report ${fresh()} --compare ${folder}/none.html`);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(`twice: --compare: there is no file ${folder}/none.html\n`);
  });
});
