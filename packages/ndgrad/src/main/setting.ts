import type { Output } from '@ndgrad/train/progress';
import type { Lesson } from '../lesson.ts';

/** Where the command runs. */
export interface Setting {
  /** How the help calls it: `ndgrad`. */
  readonly name: string;
  /** The examples that `train` knows by name. */
  readonly lessons: readonly Lesson[];
  /** Where results go. */
  readonly stdout: Output;
  /** Where progress and errors go. */
  readonly stderr: Output;
}
