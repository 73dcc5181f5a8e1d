import { duration, significant } from '../text.ts';
import { type Code, codes, entryOf, type Severity } from './catalogue.ts';

/** Numbers, and a word here and there, by what they are of. */
export type Evidence = Readonly<Record<string, number | string>>;

/** Something that is wrong, or looks so. */
export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly title: string;
  readonly evidence: Evidence;
  readonly fix: string;
  /** Where the course teaches it. */
  readonly lecture: string;
  /** What else was found that this one is the likely cause of. */
  readonly consequences: readonly Finding[];
}

/** A check that found nothing. */
export interface Passed {
  readonly code: Code;
  readonly evidence: Evidence;
}

/** A check that was not made, and why. */
export interface NotChecked {
  readonly code: Code;
  readonly reason: string;
}

/** What one check came to. */
export type Verdict =
  | { readonly kind: 'found'; readonly code: Code; readonly evidence: Evidence; readonly severity?: Severity }
  | ({ readonly kind: 'passed' } & Passed)
  | ({ readonly kind: 'not checked' } & NotChecked);

export const found = (code: Code, evidence: Evidence, severity?: Severity): Verdict => ({
  kind: 'found',
  code,
  evidence,
  ...(severity && { severity }),
});
export const passed = (code: Code, evidence: Evidence = {}): Verdict => ({ kind: 'passed', code, evidence });
export const notChecked = (code: Code, reason: string): Verdict => ({ kind: 'not checked', code, reason });

/** What the doctor found. Printed, it is a list with evidence and fix. */
export class Diagnosis {
  /** The worst first; what is a likely consequence of another stands in that one's `consequences`. */
  readonly findings: readonly Finding[];
  readonly passed: readonly Passed[];
  readonly notChecked: readonly NotChecked[];

  constructor(
    verdicts: readonly Verdict[],
    /** How long it took. */
    readonly seconds: number,
  ) {
    const inOrder = [...verdicts].sort((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
    this.findings = rooted(inOrder.flatMap((verdict) => (verdict.kind === 'found' ? [findingOf(verdict)] : [])));
    this.passed = inOrder.flatMap((v) => (v.kind === 'passed' ? [{ code: v.code, evidence: v.evidence }] : []));
    this.notChecked = inOrder.flatMap((v) => (v.kind === 'not checked' ? [{ code: v.code, reason: v.reason }] : []));
  }

  toString(): string {
    const { findings, seconds } = this;
    const counts = SEVERITIES.map(
      (severity) => [severity, findings.filter((f) => f.severity === severity).length] as const,
    )
      .filter(([, n]) => n > 0)
      .map(([severity, n]) => `${n} ${severity}${n > 1 ? 's' : ''}`);
    const head = `doctor: ${counts.length === 0 ? 'nothing found' : counts.join(', ')} (${duration(seconds)})`;
    const well = this.passed.map(({ code, evidence }) => `${code}${inBrackets(evidence)}`);
    const not = this.notChecked.map(({ code, reason }) => `${code}: ${reason}`);
    return [head, ...findings.map(paragraph), ...list('passed', well), ...list('not checked', not)].join('\n\n');
  }

  /** What `console.log` prints in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

function findingOf({ code, evidence, severity }: Extract<Verdict, { kind: 'found' }>): Finding {
  const entry = entryOf(code);
  const { title, fix, lecture } = entry;
  return { code, severity: severity ?? entry.severity, title, evidence, fix, lecture, consequences: [] };
}

/** Those that no other explains, each with what it explains; a consequence goes to the first of its causes. */
function rooted(findings: readonly Finding[]): Finding[] {
  const causeOf = (finding: Finding) => findings.find((cause) => entryOf(cause.code).explains.includes(finding.code));
  const rootOf = (finding: Finding): Finding => {
    const cause = causeOf(finding);
    return cause === undefined ? finding : rootOf(cause);
  };
  return findings
    .filter((finding) => causeOf(finding) === undefined)
    .map((root) => ({ ...root, consequences: findings.filter((other) => other !== root && rootOf(other) === root) }))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

function paragraph({ code, severity, title, evidence, fix, lecture, consequences }: Finding): string {
  const also = consequences.map((other) => `\n  so also: ${other.code}${inBrackets(other.evidence)}`);
  return `${severity} ${code}\n  ${title}.\n  evidence: ${inWords(evidence)}\n  fix: ${fix}\n  see: ${lecture}${also.join('')}`;
}

function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${title}:\n${items.map((item) => `  ${item}`).join('\n')}`];
}

function inWords(evidence: Evidence): string {
  const parts = Object.entries(evidence).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? significant(value) : value}`,
  );
  return parts.join(', ');
}

const inBrackets = (evidence: Evidence): string =>
  Object.keys(evidence).length === 0 ? '' : ` (${inWords(evidence)})`;
