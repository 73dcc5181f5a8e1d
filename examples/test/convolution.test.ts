import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { convolution } from '../src/40-convolution.ts';
import { runLesson } from './run.ts';

const { cases } = JSON.parse(
  readFileSync(new URL('../../conformance/data/cs231n/a2_convolution.json', import.meta.url), 'utf8'),
);
const caseOf = (id: string) => cases.find((entry: { id: string }) => entry.id === id);

describe('pnpm train convolution', () => {
  let out = '';

  beforeAll(async () => {
    const run = await runLesson(convolution, []);
    expect(run.err).toBe('');
    expect(run.code).toBe(0);
    out = run.out;
  });

  it('compares with the numbers that assignment 2 prints', () => {
    const source = readFileSync(new URL('../src/40-convolution.ts', import.meta.url), 'utf8');
    const [, numbers] = /const published = \[([^\]]*)\]/.exec(source)!;
    const read = numbers!.split(',').map((number) => number.trim());
    expect(read.filter((number) => number !== '').map(Number)).toEqual(caseOf('conv_forward').published.out.data);
  });

  it('is as far from them as the course’s own program, by conv2d and by four loops', () => {
    const [, byConv2d, byHand] = /conv2d (\S+), four loops (\S+)/.exec(out)!;
    const { published, expected } = caseOf('conv_forward');
    const distances = expected.out.data.map((value: number, i: number) => Math.abs(value - published.out.data[i]));
    for (const distance of [byConv2d, byHand]) expect(Number(distance)).toBeCloseTo(Math.max(...distances), 12);
  });

  it('slides the filter of the notes’ figure', () => {
    const { stride1, stride2 } = caseOf('notes_stride_figure').published;
    expect(out).toContain(`[${stride1}] at stride 1, [${stride2}] at stride 2`);
  });

  it('draws the picture in grey, and its edges, in 16 lines of 40 characters each', () => {
    const lines = out.split('\n').filter((line) => /^[ .:\-=+*#%@]{40}$/.test(line));
    expect(lines).toHaveLength(32);
    const [sun, inside, sky] = [lines[5]![28], lines[16 + 5]![28], lines[16 + 5]![3]];
    expect([sun, inside === sky]).toEqual(['%', true]); // the sun is bright, and flat inside as the sky is
    expect(lines[16 + 2]).toContain('@'); // its upper edge: less blue below than above
  });
});
