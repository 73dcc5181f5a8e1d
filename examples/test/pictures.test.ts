import type { Lesson } from 'ndgrad/command';
import { describe, expect, it } from 'vitest';
import { fashionMnist } from '../src/44-fashion-mnist.ts';
import { cifar } from '../src/45-cifar10.ts';
import { runLesson } from './run.ts';

const cases: readonly (readonly [lesson: Lesson, howToGetIt: string, name: string])[] = [
  [fashionMnist, '"apt-get install dataset-fashion-mnist" puts the four IDX files into', 'Fashion-MNIST'],
  [cifar, 'CIFAR-10 is to be had at https://www.cs.toronto.edu/~kriz/cifar.html', 'CIFAR-10'],
];

describe.each(cases)('$name', (lesson, howToGetIt, name) => {
  it('says how to get the pictures where they are not', async () => {
    const { code, out, err } = await runLesson(lesson, ['--data', '/nowhere']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain("can't read /nowhere: there is no such folder");
    expect(err).toContain(howToGetIt);
  });

  it('says of its stand-in that it is none', async () => {
    const { out } = await runLesson(lesson, ['--data', 'stand-in', '--max-time', '0.01']);
    expect(out).toMatch(/^Striped pictures drawn here, in the format of /);
    expect(out).toMatch(new RegExp(`(it is|they are) not ${name}\\.`));
  });
});
