import { describe, expect, it } from 'vitest';
import type { EpochRecord } from '../src/index.ts';
import { progressBar } from '../src/progress.ts';
import { Paper } from './helpers.ts';

const record = (epoch: number): EpochRecord => ({
  epoch,
  trainLoss: 1 / epoch,
  trainAccuracy: 0.5,
  validationLoss: 0.25,
  validationAccuracy: 0.75,
  lr: 0.1,
  seconds: 2,
});

describe('progress on a stream that is no terminal', () => {
  it('is one plain line an epoch', () => {
    const paper = new Paper();
    const progress = progressBar(paper);
    progress.start({ epochs: 2, batches: 10 });
    progress.batch({ epoch: 1, batch: 1, rows: 10, loss: 1, accuracy: 0.5 });
    expect(paper.text).toBe('');
    progress.epoch(record(1));
    progress.epoch({ ...record(2), trainAccuracy: null, validationLoss: null, validationAccuracy: null });
    progress.stop();
    const [first, second, end] = paper.text.split('\n');
    expect(first).toMatch(/^epoch 1\/2 {2}loss 1, 50\.00 % {2}validation 0\.25, 75\.00 % {2}lr 0\.1 {2}[\d.]+ m?s$/);
    expect(second).toMatch(/^epoch 2\/2 {2}loss 0\.5 {2}lr 0\.1 {2}[\d.]+ m?s$/);
    expect(end).toBe('');
    expect(paper.text).not.toContain('\x1b');
  });

  it('lists some of very many epochs, the first and the last among them', () => {
    const paper = new Paper();
    const progress = progressBar(paper);
    progress.start({ epochs: 1000, batches: 1 });
    for (let epoch = 1; epoch <= 1000; epoch++) progress.epoch(record(epoch));
    const epochs = [...paper.text.matchAll(/^epoch +(\d+)\/1000/gm)].map((match) => Number(match[1]));
    expect(epochs).toEqual([1, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });
});

describe('progress on a terminal', () => {
  it('is a bar with rate, loss, accuracy and time left, and the epochs above it', async () => {
    const paper = new Paper(true);
    const progress = progressBar(paper);
    progress.start({ epochs: 2, batches: 10 });
    await new Promise((resolve) => setTimeout(resolve, 250)); // the bar is drawn ten times a second
    progress.batch({ epoch: 1, batch: 5, rows: 500, loss: 1.5, accuracy: 0.625 });
    expect(paper.text).toMatch(/━+╌+ +25 % {2}epoch 1\/2 {2}[\d,]+ rows\/s {2}loss 1\.5 {2}62\.5 % {2}[\d.]+ m?s left/);
    progress.epoch(record(1));
    expect(paper.text).toMatch(/epoch 1\/2 {2}loss 1, 50\.00 % .*\n/);
    progress.stop();
    expect(paper.text).toContain('\x1b[?25h'); // the cursor is shown again
  });

  it('of a resumed run reckons with the time of its own part alone', async () => {
    const paper = new Paper(true);
    const progress = progressBar(paper);
    progress.start({ epochs: 1000, batches: 10, history: Array.from({ length: 998 }, (_, i) => record(i + 1)) });
    await new Promise((resolve) => setTimeout(resolve, 250));
    progress.batch({ epoch: 999, batch: 5, rows: 500, loss: 1.5, accuracy: null });
    progress.stop();
    // A quarter of the 2 epochs took a quarter of a second.
    const [, left] = /([\d.]+) s left/.exec(paper.text)!;
    expect(Number(left)).toBeGreaterThan(0.7);
  });

  it('never is wider than the terminal', async () => {
    const paper = new Paper(true, 60);
    const progress = progressBar(paper);
    progress.start({ epochs: 2, batches: 10 });
    await new Promise((resolve) => setTimeout(resolve, 250));
    progress.batch({ epoch: 1, batch: 5, rows: 5, loss: 1.5, accuracy: null });
    progress.stop();
    const drawn = paper.text.split('\x1b').map((part) => part.replace(/^\[[?\d]*[A-Za-z]/, ''));
    expect(Math.max(...drawn.map((part) => part.length))).toBeLessThanOrEqual(60);
  });
});
