import type { Code } from './catalogue.ts';
import type { Verdict } from './diagnosis.ts';
import type { Patient } from './patient.ts';

/** A check, or several that look at the same. Each code gets one verdict. */
export interface Rule {
  readonly codes: readonly Code[];
  /** The patient comes in the state in which it will be trained, and need not be put back. */
  check(patient: Patient): readonly Verdict[] | Promise<readonly Verdict[]>;
}
