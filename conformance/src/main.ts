import { run } from './command.ts';

try {
  process.exitCode = run(process.argv.slice(2), console.log);
} catch (error) {
  console.error(`conformance: ${(error as Error).message}; --help explains`);
  process.exitCode = 1;
}
