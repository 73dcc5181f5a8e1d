import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { course } from '../src/lessons.ts';
import { runLesson } from './run.ts';

const sources = new URL('../src/', import.meta.url);
const files = readdirSync(sources).filter((file) => /^\d\d-/.test(file));

describe('every example', () => {
  it('stands in the course under its file’s name', () => {
    expect(course.map(({ name }) => name)).toEqual(files.map((file) => file.slice(3, -'.ts'.length)));
  });

  it.each(files)('%s has fewer than 80 lines, and says how to run it', (file) => {
    const source = readFileSync(new URL(file, sources), 'utf8');
    expect(source.trimEnd().split('\n').length).toBeLessThan(80);
    expect(source).toMatch(/^\/\*\*\n/);
    expect(source).toContain(` *   pnpm train ${file.slice(3, -3)} `);
    expect(source).toMatch(/CS231n/);
  });

  it.each(course.map((lesson) => [lesson.name, lesson] as const))(
    '%s reaches its number at CI size',
    async (_, lesson) => {
      const { code, out, err } = await runLesson(lesson, ['--ci']);
      expect(err.split('\n').filter((line) => !/^(epoch .*)?$/.test(line))).toEqual([]);
      for (const goal of Object.keys(lesson.goals)) expect(out).toContain(`${goal}: `);
      expect(code).toBe(0);
    },
  );
});

describe('pnpm train', () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('main.ts', sources)), ...words], {
      encoding: 'utf8',
    });

  it('lists the course, with mnist as the default', () => {
    const { status, stdout, stderr } = run('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('(default: mnist)');
    for (const { name } of course) expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
  });

  it('refuses what there is not, and numbers that are none', () => {
    expect(run('spirla')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean "spiral"?'),
    });
    expect(run('--epochs', 'NaN')).toMatchObject({ status: 2, stderr: expect.stringContaining("'--epochs <number>'") });
    expect(run('spiral', '--lr', '-1').status).toBe(2);
  });

  it('names a folder without digits, without a trace', () => {
    const { status, stderr } = run('mnist', '--folder', '/nowhere');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^mnist: mnist: .*\/nowhere.*\n$/);
  });
});
