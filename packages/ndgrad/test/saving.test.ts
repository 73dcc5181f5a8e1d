import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '@ndgrad/train';
import { afterAll, describe, expect, it } from 'vitest';
import { exitOf, run, start } from './helpers.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-saving-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of its own, and the path of a checkpoint in it. */
function fresh() {
  const own = mkdtempSync(join(folder, 'run-'));
  return { own, path: join(own, 'run.safetensors') };
}

/** The losses that the lesson `twice` printed, one line a model. */
const lossesIn = (out: string) => [...out.matchAll(/^(?:first|second): (\[.*\])$/gm)].map(([, list]) => list);

describe('--checkpoint', () => {
  it('saves each training run in a file of its own, and says where', async () => {
    const { own, path } = fresh();
    const { code, out } = await run(`twice --checkpoint ${path}`);
    expect(code).toBe(0);
    expect(readdirSync(own).sort()).toEqual(['run-2.safetensors', 'run.safetensors']);
    expect(out).toMatch(/^checkpoint: .*run-2\.safetensors$/m);
    const { history, about } = await readCheckpoint(path);
    expect(history.length).toBe(4);
    expect(about.command).toBe(`pnpm train twice --checkpoint ${path}`);
  });

  it('saves after so many epochs, or so many steps', async () => {
    const { path } = fresh();
    for (const every of ['2', '3steps', '2 epochs']) {
      rmSync(path, { force: true });
      rmSync(path.replace('.s', '-2.s'), { force: true });
      expect((await run(`twice --checkpoint ${path} --checkpoint-every=${every.replace(' ', '')}`)).code).toBe(0);
      expect((await readCheckpoint(path)).step).toBe(16);
    }
  });

  it('does not replace a run that is there', async () => {
    const { path } = fresh();
    await run(`twice --checkpoint ${path}`);
    const { code, err } = await run(`twice --checkpoint ${path}`);
    expect(code).toBe(1);
    expect(err).toContain(`twice: ${path}: there is a file; go on from it by resume, delete it, or give another path`);
  });

  it('says so where an example does not train by fit', async () => {
    const { path } = fresh();
    expect((await run(`quick --checkpoint ${path}`)).out).toContain(
      'checkpoint: none, for this example trains in a loop of its own',
    );
  });
});

describe('--resume', () => {
  it('goes on where Ctrl-C ended the run, to the same end', async () => {
    const { path } = fresh();
    const { out: whole } = await run('twice --epochs 12');
    const line = ['twice', '--epochs', '12', '--checkpoint', path, '--slow', '20'];
    const { child, written } = await startedAndSaving(line, path);
    child.kill('SIGINT');
    expect(await exitOf(child)).toEqual({ code: 130 });
    expect(written.out).toMatch(/^checkpoint: .* \(the same command with --resume goes on\)$/m);
    const { step } = await readCheckpoint(path);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(48);
    const { code, out } = await run(`twice --epochs 12 --checkpoint ${path} --slow 20 --resume`);
    expect(code).toBe(0);
    expect(lossesIn(out)).toEqual(lossesIn(whole));
    expect(lossesIn(out).length).toBe(2);
  });

  it('goes on in the run that was not finished; the one before is not trained again', async () => {
    const { path } = fresh();
    const { out: whole } = await run(`twice --checkpoint ${path}`);
    rmSync(path.replace('.safetensors', '-2.safetensors'));
    const { out } = await run(`twice --checkpoint ${path} --resume`);
    expect(out).toContain('resumed after epoch 4');
    expect(lossesIn(out)).toEqual(lossesIn(whole));
  });

  it('may train for longer than the run before', async () => {
    const { path } = fresh();
    await run(`twice --checkpoint ${path}`);
    const { out } = await run(`twice --epochs 6 --checkpoint ${path} --resume`);
    expect(lossesIn(out)).toEqual(lossesIn((await run('twice --epochs 6')).out));
  });

  it('refuses other options, and lists them', async () => {
    const { path } = fresh();
    await run(`twice --checkpoint ${path}`);
    const { code, err } = await run(`twice --lr 0.25 --seed 3 --checkpoint ${path} --resume`);
    expect(code).toBe(1);
    expect(err).toContain(`twice: ${path}: it is a run's with other settings:\n  optimizer.lr was 0.5, is 0.25\n`);
    expect(err).toContain('  options.seed was 0, is 3\n');
  });

  it('needs a checkpoint', async () => {
    const { path } = fresh();
    const { code, err } = await run(`twice --checkpoint ${path} --resume`);
    expect([code, err]).toEqual([1, `twice: ${path}: there is no checkpoint to go on from\n`]);
  });
});

/** Starts a lesson as a program; gives it once it has saved an epoch. */
async function startedAndSaving(args: string[], path: string) {
  const running = start(...args);
  while (!existsSync(path) || (await readCheckpoint(path)).step === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return running;
}
