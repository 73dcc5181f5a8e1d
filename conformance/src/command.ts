import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { recordFiles, replayFile } from './files.ts';
import { camelCase } from './records.ts';
import { failures, markdown, table, totals } from './report.ts';

const usage = `Replays PyTorch's records and compares every number.

  pnpm conformance [DIR …] [--only NAME[,NAME]] [--verbose] [--markdown FILE]

DIR                folder with ops/, modules/, optim/, random/, training/ (default: conformance/data/pytorch)
--only NAME,NAME   replay only the files of these names
--verbose          print every failure with all its reasons
--markdown FILE    write the table of operations to FILE
--help             print this

Ends with "N passed, N failed"; the exit code is 1 if a record failed or there was none.`;

const options = {
  only: { type: 'string' },
  verbose: { type: 'boolean', default: false },
  markdown: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Runs the command.
 * @param args as on the command line
 * @param print takes the lines
 * @returns the exit code
 */
export function run(args: string[], print: (text: string) => void): number {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  if (values.help) {
    print(usage);
    return 0;
  }
  const folders = positionals.length > 0 ? positionals : [fileURLToPath(new URL('../data/pytorch', import.meta.url))];
  const only = values.only?.split(',').map(camelCase);
  const groups = folders
    .flatMap(recordFiles)
    .filter((file) => !only || only.includes(camelCase(basename(file, '.json'))))
    .map(replayFile)
    .filter(({ checks }) => checks.length > 0);
  print(table(groups));
  const failed = failures(groups, values.verbose);
  if (failed !== '') print(`\n${failed}`);
  if (values.markdown) writeFileSync(values.markdown, markdown(groups));
  const total = totals(groups);
  print(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || groups.length === 0 ? 1 : 0;
}
