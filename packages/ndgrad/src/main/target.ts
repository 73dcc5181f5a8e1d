import { significant } from '@ndgrad/train/text';
import type { Goal } from '../lesson.ts';
import { CommandError } from './project.ts';

/** What `--target` may name, and how it is measured. */
export const measures = ['train_loss', 'train_acc', 'val_loss', 'val_acc', 'test_loss', 'test_acc'] as const;

/** A number that training measures: `val_acc` is the share of validation rows that are right. */
export type Measure = (typeof measures)[number];

/** What must be reached. */
export interface Target {
  readonly measure: Measure;
  readonly goal: Goal;
}

/**
 * Reads a target such as `val_acc>=0.97` or `test_loss<=0.1`.
 * @throws CommandError saying what a target looks like
 */
export function targetOf(text: string): Target {
  const [, name, sign, number] = /^\s*(\w+)\s*(>=|<=)\s*(\S+)\s*$/.exec(text) ?? [];
  const bound = Number(number);
  if (!measures.includes(name as Measure) || number === undefined || !Number.isFinite(bound)) {
    throw new CommandError(
      `--target must be a measure, >= or <=, and a number, such as val_acc>=0.97, got ${JSON.stringify(text)}; ` +
        `there are ${measures.join(', ')}`,
    );
  }
  const bounds = sign === '>=' ? { min: bound } : { max: bound };
  return { measure: name as Measure, goal: { ...bounds, format: (value) => significant(value, 6) } };
}
