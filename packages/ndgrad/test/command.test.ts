import { describe, expect, it } from 'vitest';
import { lessons } from './fixtures/lessons.ts';
import { exitOf, run, started } from './helpers.ts';

const { quick, endless, looping, wrong, broken } = lessons;

describe('a lesson by its name', () => {
  it('runs with its defaults, prints its numbers, and ends with 0', async () => {
    const { code, out, err } = await run('quick');
    expect(code).toBe(0);
    expect(out).toBe('options {"epochs":3,"lr":0.1,"batchSize":10,"folder":"here"}\naccuracy: 95.00 %\nloss: 0.1\n');
    expect(err).toBe('');
  });

  it('is the first one where none is named', async () => {
    expect((await run('')).out).toContain('options {"epochs":3');
    expect((await run('--epochs 7')).out).toContain('options {"epochs":7');
  });

  it('takes its own options, in either spelling', async () => {
    const { out } = await run('quick --epochs 5 --batch-size=20 --folder ../x --lr 1e-2');
    expect(out).toContain('options {"epochs":5,"lr":0.01,"batchSize":20,"folder":"../x"}');
  });

  it('runs at the size of continuous integration, unless an option says otherwise', async () => {
    expect((await run('quick --ci')).out).toContain('{"epochs":1,');
    expect((await run('--ci quick --epochs 9')).out).toContain('{"epochs":9,');
  });

  it('ends with 1 where a number misses its goal', async () => {
    const { code, out, err } = await run('quick --lr 0.75');
    expect(code).toBe(1);
    expect(out).toContain('loss: 0.75');
    expect(err).toBe('quick: loss must be at most 0.5, got 0.75\n');
  });

  it('prints its numbers only when quiet', async () => {
    expect((await run('quick --quiet')).out).toBe('accuracy: 95.00 %\nloss: 0.1\n');
  });
});

describe('help', () => {
  it('lists the examples, the options and their defaults', async () => {
    const { code, out, err } = await run('--help');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toContain('Usage: pnpm train [example] [options]');
    for (const { name, summary } of Object.values(lessons)) {
      expect(out).toMatch(new RegExp(`^ +${name}\\b.* ${summary}$`, 'm'));
    }
    expect(out).toMatch(/--batch-size +10 +rows/);
    for (const flag of [
      '--all',
      '--ci',
      '--list',
      '--quiet',
      '--debug',
      '--max-time <seconds>',
      '--report [file]',
      '--checkpoint <file>',
      '--resume',
      '--help',
    ]) {
      expect(out).toContain(flag);
    }
  });

  it('of one example shows its options, defaults and goals', async () => {
    const { code, out } = await run('quick --help');
    expect(code).toBe(0);
    expect(out).toMatch(/--epochs <number> +epochs \(default: 3\)/);
    expect(out).toContain('accuracy: at least 90.00 %');
    expect((await run('--help quick')).out).toBe((await run('--help')).out);
  });

  it('by --list names what each must reach', async () => {
    const { code, out } = await run('--list');
    expect(code).toBe(0);
    expect(out).toMatch(/^quick +shows its options +accuracy at least 90\.00 %, loss at most 0\.5$/m);
    expect((await run('--list --ci')).out).toContain('accuracy at least 50.00 %');
  });
});

describe('a wrong command line', () => {
  const refusals: [line: string, message: string][] = [
    ['quik', 'unknown example "quik". Did you mean "quick"? There are: quick, endless'],
    ['--epohcs 3', 'unknown option "--epohcs" of quick. Did you mean "--epochs"?'],
    ['endless --lrr 3', 'unknown option "--lrr" of endless. Did you mean "--lr"?'],
    ['endless --epochs 3', 'unknown option "--epochs" of endless.'],
    ['quick --qiet', 'Did you mean "--quiet"?'],
    ['quick --epohcs=3', 'unknown option "--epohcs" of quick'],
    ['quick -x', 'unknown option "-x" of quick'],
    ['quick --lr abc', `option '--lr <number>' argument 'abc' is invalid. must be a number greater than 0, got "abc"`],
    ['quick --lr NaN', 'must be a number greater than 0, got "NaN"'],
    ['quick --lr -1', 'must be a number greater than 0, got "-1"'],
    ['quick --lr=-1', 'must be a number greater than 0, got "-1"'],
    ['quick --epochs 2.5', 'must be a whole number of at least 1, got "2.5"'],
    ['quick --epochs', "option '--epochs <number>' argument missing"],
    ['--max-time 0', 'must be a number greater than 0, got "0"'],
    ['quick endless', 'one example at a time'],
    ['--lr 3 endless', 'one example at a time, and its name first'],
    ['quick extra', '"extra" is one word too many'],
    ['--all --lr 3', '--all runs every example with its own options; leave out --lr'],
    ['--all endless', '--all runs every example with its own options; leave out "endless"'],
    ['--all quick', 'leave out "quick"'],
    ['quick --resume', '--resume goes with --checkpoint'],
    ['quick --checkpoint-every 2', '--checkpoint-every goes with --checkpoint'],
    ['quick --checkpoint x --checkpoint-every 0', 'a number of epochs, or of steps such as 200steps, got "0"'],
    ['quick --checkpoint x --checkpoint-every 3min', 'such as 200steps, got "3min"'],
    ['--all --checkpoint x', '--checkpoint is for one example, not for --all'],
    ['quick --compare x', '--compare goes with --report'],
    ['--report quick', `--report takes a file; put the example's name first: quick --report`],
    ['--all --report x', '--all writes a report for each example: --report without a file, and no --compare'],
    ['--all --report --compare x', '--all writes a report for each example'],
  ];
  it.each(refusals)('"%s" is refused with 2 and one message', async (line, message) => {
    const { code, out, err } = await run(line);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(`pnpm train: ${message.startsWith('unknown') ? message : ''}`);
    expect(err).toContain(message);
    expect(err.trimEnd().split('\n').length).toBe(2);
    expect(err).toContain('Run "pnpm train --help" for the examples and their options.');
  });
});

describe('an error in a lesson', () => {
  it('is one line without a trace, and ends with 1', async () => {
    const { code, err } = await run('wrong');
    expect(code).toBe(1);
    expect(err).toBe('wrong: the number is wrong; give another\n');
  });

  it('that nobody meant is named, and its trace shown by --debug', async () => {
    const { code, err } = await run('broken');
    expect(code).toBe(1);
    expect(err).toMatch(/^broken: TypeError: .*inFeatures.*\(--debug shows where\)\n$/);
    expect((await run('broken --debug')).err).toMatch(/at .*lessons\.ts/);
    expect((await run('wrong --debug')).err).toMatch(/ArgumentError: the number is wrong.*\n +at /);
  });
});

describe('--all', () => {
  it('runs every lesson and ends with a table', async () => {
    const { code, out, err } = await run('--all', [quick, wrong, broken]);
    expect(code).toBe(1);
    expect(out).toContain('━━ quick: shows its options');
    expect(err).toContain('wrong: the number is wrong');
    expect(out).toMatch(
      /^quick +accuracy +95\.00 % +at least 90\.00 % +reached +[\d.]+ ms\n +loss +0\.1 +at most 0\.5 +reached$/m,
    );
    expect(out).toMatch(/^wrong +accuracy +– +at least 50\.00 % +ERROR/m);
    expect(out).toMatch(/^broken +accuracy +– +at least 50\.00 % +ERROR/m);
  });

  it('ends with 0 where all reach their goals, at the size of continuous integration as well', async () => {
    expect((await run('--all', [quick])).code).toBe(0);
    const { code, out } = await run('--all --ci --quiet', [quick]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\nexample +number +got/); // the table alone
    expect(out).toMatch(/accuracy +95\.00 % +at least 50\.00 %/);
  });
});

describe('--max-time', () => {
  it('ends training with what was learnt, and asks for the goal', async () => {
    const { code, out, err } = await run('endless --max-time 1');
    expect(out).toMatch(
      /ended by maxTime, epochs: true\nstopped by --max-time after [\d.]+ m?s; learnt so far:\naccuracy: /,
    );
    expect([code, err.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/^epoch /)]);
  });

  it('ends a loop of a lesson, whose number was then not come to', async () => {
    const { code, err } = await run('looping --max-time 0.05', [looping, endless]);
    expect(code).toBe(1);
    expect(err).toBe('looping: turns was not come to; it must be at least 1\n');
  });
});

describe('Ctrl-C', () => {
  it('ends training with what was learnt so far, and 130', async () => {
    const { child, written } = await started('endless');
    child.kill('SIGINT');
    expect(await exitOf(child)).toEqual({ code: 130 });
    expect(written.out).toMatch(
      /ended by aborted, epochs: true\nstopped by Ctrl-C after [\d.]+ m?s; learnt so far:\naccuracy: [\d.]+ %\n$/,
    );
    expect(written.err).not.toContain('Error');
  });

  it('ends a loop of a lesson, too', async () => {
    const { child, written } = await started('looping');
    child.kill('SIGINT');
    expect(await exitOf(child)).toEqual({ code: 130 });
    expect(written.out).toContain('stopped by Ctrl-C');
    expect(written.err).toBe('');
  });

  it('has a cousin: where nobody reads any more, the command leaves without noise', async () => {
    const { child, written } = await started('talking');
    const left = exitOf(child);
    child.stdout.destroy();
    expect(await left).toEqual({ code: 141 });
    expect(written.err).toBe('');
  });

  it('is taken once where it arrives twice at the same time, and leaves at once when it comes again', async () => {
    const { child, written } = await started('deaf');
    child.kill('SIGINT');
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(child.exitCode).toBeNull();
    const left = exitOf(child);
    child.kill('SIGINT');
    expect(await left).toEqual({ code: 130 });
    expect(written.err).toBe('');
  });

  it('ends --all after the lesson that runs, with the table so far', async () => {
    const { child, written } = await started('--all');
    child.kill('SIGINT');
    expect(await exitOf(child)).toEqual({ code: 130 });
    expect(written.out).toMatch(/^quick +accuracy +95\.00 % .*reached/m);
    expect(written.out).toMatch(/^endless +accuracy .*(reached|stopped)/m);
    expect(written.out).not.toContain('━━ looping');
  });
});
