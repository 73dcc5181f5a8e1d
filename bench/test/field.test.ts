import { expect, it } from 'vitest';
import { type ContenderSpec, choose } from '../src/contenders.ts';
import { Field } from '../src/field.ts';
import { Contestant, reasonOf } from '../src/process.ts';
import { mlp } from '../src/tasks.ts';

/** A contender whose losses are all `loss` and whose steps are said to take `micros`. */
function made(name: string, loss: number, micros: number, extra = ''): ContenderSpec {
  const program = `
    const say = (reply) => console.log(JSON.stringify(reply));
    ${extra}
    say({ version: '${name} 1', importMilliseconds: 1 });
    require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { do: what, steps, samples } = JSON.parse(line);
      if (what === 'prepare') say({});
      if (what === 'check') say({ results: Array(steps).fill([${loss}]) });
      if (what === 'time') say({ micros: Array(samples).fill(${micros}) });
    });`;
  const programs = [{ command: process.execPath, args: ['-e', program], env: {} }];
  return { name, label: name, precision: 'float64', programs };
}

const race = async (...specs: ContenderSpec[]) => {
  const field = await Field.start(specs);
  const options = { title: '', seconds: 0.1, progress: () => {} };
  return field.race(mlp('small', [2, 3, 2], 4), options).finally(() => field.stop());
};

it('times and ratios are relative to the base', async () => {
  const { base, rows } = await race(made('fast', 0.5, 50), made('torch-float64', 0.5, 200));
  expect(base).toBe('torch-float64');
  expect(rows.map(({ micros, ratio }) => [micros!.median, ratio!.median])).toEqual([
    [50, 4],
    [200, 1],
  ]);
  expect(rows[0]!.version).toBe('fast 1');
});

it('who disagrees on the losses, dies, can not start or is missing gets a reason instead of a time', async () => {
  const { rows } = await race(
    made('torch-float64', 2, 200),
    made('off', 2.00001, 50),
    made('dead', 2, 50, 'console.error("/some/where/file.js: out of luck"); process.exit(1);'),
    made('unable', 2, 50, 'say({ error: "no gradient" }); process.exit();'),
    { ...made('nowhere', 2, 50), programs: [], missing: 'not found' },
  );
  expect(rows.map(({ micros, note }) => micros?.median ?? note)).toEqual([
    200,
    'its results differ from those of torch-float64 by 5.0e-6',
    'its process ended: file.js: out of luck',
    'no gradient',
    'not found',
  ]);
});

it('of several ways to run a contender the fastest counts', async () => {
  const [slow, quick] = [made('x', 1, 100), made('x', 1, 10)];
  const programs = [...slow.programs, { ...quick.programs[0]!, name: '2 threads' }];
  const { rows } = await race({ ...slow, programs });
  expect(rows[0]!.micros!.median).toBe(10);
  expect(rows[0]!.way).toBe('2 threads');
});

it('a program that does not exist is an error with its reason', async () => {
  const start = Contestant.start({ command: 'no-such-program', args: [], env: {} });
  await expect(start).rejects.toThrow(/its process ended: .*ENOENT/);
});

it('reasons are one line and name no folders', () => {
  expect(reasonOf(new Error("can't read file:///home/me/a.b/x.js\nat y"))).toBe("can't read x.js");
  expect(reasonOf('2 / 3')).toBe('2 / 3');
});

it('a family means all its members, and an unknown name is refused', () => {
  const all = [{ name: 'torch-float64' }, { name: 'torch-float32' }, { name: 'jax' }];
  expect(choose(all, ['torch'])).toEqual(all.slice(0, 2));
  expect(choose(all, null)).toEqual(all);
  expect(() => choose(all, ['tf'])).toThrow('there is no "tf"; there are: torch-float64, torch-float32, jax');
});
