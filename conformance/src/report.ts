import type { Check, Kind } from './compare.ts';
import { camelCase } from './records.ts';

/** The replayed records of one file. */
export interface Group {
  /** The kind of records, `ops` or `modules` and so on, after the file's folder. */
  kind: string;
  name: string;
  checks: Check[];
}

const shownFailures = 3;

/** A table with one row per group. */
export function table(groups: readonly Group[]): string {
  const rows = groups.map(({ kind, name, checks }) => [`${kind}/${name}`, ...counts(checks), ...errors(checks)]);
  const head = ['', 'cases', 'passed', 'value', 'gradient', 'second order'];
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(width[i]!) : cell.padStart(width[i]!))).join('  ');
  return [head, ...rows].map(line).join('\n');
}

/** The failed records with their reasons: the first few of each group, or all. */
export function failures(groups: readonly Group[], all: boolean): string {
  const lines = groups.flatMap(({ kind, checks }) => {
    const failed = checks.filter((check) => !check.passed);
    const shown = all ? failed : failed.slice(0, shownFailures);
    const rest = failed.length - shown.length;
    const reasons = shown.map(
      ({ id, failures }) => `✗ ${kind}/${id}: ${(all ? failures : failures.slice(0, 1)).join('\n    ')}`,
    );
    return rest > 0 ? [...reasons, `  and ${rest} more (--verbose)`] : reasons;
  });
  return lines.join('\n');
}

/** How many records passed and failed. */
export function totals(groups: readonly Group[]): { passed: number; failed: number } {
  const checks = groups.flatMap((group) => group.checks);
  const passed = checks.filter((check) => check.passed).length;
  return { passed, failed: checks.length - passed };
}

/** The table of operations for the docs, and below it the records of the other kinds. */
export function markdown(groups: readonly Group[]): string {
  const ops = groups.filter(({ kind }) => kind === 'ops');
  const others = groups.filter(({ kind }) => kind !== 'ops');
  return `# ndgrad against PyTorch

Made by \`pnpm conformance --markdown\` from PyTorch's records, in float64. An error is |a − b| / (|b| + 0.01), the worst
of all records of the operation; "twice" says that second-order gradients were compared too.

${grid(
  ['operation', 'records', 'passed', 'differentiable', 'value', 'gradient', 'second order'],
  ops.map(({ name, checks }) => [
    `\`${camelCase(name)}\``,
    ...counts(checks),
    differentiable(checks),
    ...errors(checks),
  ]),
)}

Layers, optimizers and schedules, seeded draws and whole training runs:

${grid(
  ['', 'records', 'passed', 'value', 'gradient'],
  others.map(({ kind, name, checks }) => [`${kind}: \`${name}\``, ...counts(checks), ...errors(checks).slice(0, 2)]),
)}
`;
}

function grid(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function counts(checks: readonly Check[]): string[] {
  return [String(checks.length), String(checks.filter((check) => check.passed).length)];
}

function differentiable(checks: readonly Check[]): string {
  if (worstOf(checks, 'second') !== undefined)
    return checks.every((check) => check.passed) ? 'twice' : 'not as in PyTorch';
  return worstOf(checks, 'gradient') === undefined ? 'no' : 'once in PyTorch';
}

function errors(checks: readonly Check[]): string[] {
  return (['value', 'gradient', 'second'] as const).map((kind) => formatError(worstOf(checks, kind)));
}

function worstOf(checks: readonly Check[], kind: Kind): number | undefined {
  const errors = checks.map((check) => check.worst[kind]).filter((error) => error !== undefined);
  return errors.length === 0 ? undefined : Math.max(...errors);
}

function formatError(error: number | undefined): string {
  if (error === undefined) return '–';
  return error === 0 ? '0' : error.toExponential(1);
}
