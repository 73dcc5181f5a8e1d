import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { type ContenderSpec, choose, contenders } from './contenders.ts';
import { Field } from './field.ts';
import { growths } from './growth.ts';
import { load, machine, resultName } from './machine.ts';
import { memoryUses } from './memory.ts';
import { picture } from './picture.ts';
import { report } from './report.ts';
import type { Comparison, Results } from './results.ts';
import { startUps } from './startUp.ts';
import { products, type Task, workloads } from './tasks.ts';

const sections = [...workloads, ...['products', 'startup', 'growth'].map((name) => ({ name }))];

const help = `pnpm bench [--only NAMES] [--contenders NAMES] [--seconds N] [--memory] [--help]

Times one training step of each workload, and the rest, for ndgrad, PyTorch and its JavaScript peers. Names are separated
by commas. Results go to standard output and to bench/results/.

  --only NAMES        of: ${sections.map(({ name }) => name).join(', ')}
  --contenders NAMES  of: ndgrad-blas, ndgrad-wasm, ndgrad-reference, torch-float64, torch-float32, jax, tfjs-wasm,
                      tfjs-cpu, convnetjs; or a family: ndgrad, torch, tfjs
  --seconds N         for each contender at each workload (default 2); with --memory at most so many (default 120)
  --memory            follows the memory over 10,000 steps, after as many, instead (of ndgrad-wasm and torch-float64,
                      unless --contenders names others)
  --help              prints this

PYTHON=/path/to/python3 says which Python has torch, where neither python3 nor /usr/bin/python3 has it.
`;

interface Settings {
  only: string[] | null;
  wanted: string[] | null;
  seconds: number;
  memory: boolean;
}

function settings(): Settings | null {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean', default: false } as const;
  const options = { only: string, contenders: string, seconds: string, memory: boolean, help: boolean };
  const { values } = parseArgs({ options });
  if (values.help) return null;
  const list = (text: string | undefined) => text?.split(',').filter((name) => name !== '') ?? null;
  const seconds = Number(values.seconds ?? (values.memory ? 120 : 2));
  if (!(seconds > 0)) throw new Error(`--seconds: expected a number above 0, got "${values.seconds}"`);
  return { only: list(values.only), wanted: list(values.contenders), seconds, memory: values.memory };
}

/** On a terminal, one line that changes; elsewhere a line each. */
function progress(text: string) {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

async function main({ only, wanted, seconds, memory }: Settings) {
  const chosen = choose(sections, only).map(({ name }) => name);
  const includes = (name: string) => chosen.includes(name);
  progress('building');
  const all = contenders(build());
  const specs = choose(all, wanted);
  const loadBefore = load();
  const results: Results = {
    date: new Date().toISOString(),
    machine: machine(loadBefore),
    secondsEach: seconds,
    versions: {},
    workloads: [],
    products: [],
    startUp: [],
    growth: [],
    memory: [],
  };
  const tasks = workloads.filter(({ name }) => includes(name));
  if (memory) {
    const followed = wanted === null ? choose(all, ['ndgrad-wasm', 'torch-float64']) : specs;
    results.memory = await memoryUses(tasks, followed, seconds, progress);
  } else {
    const race = (races: readonly (readonly Task[])[], each: number) => compare(results.versions, specs, races, each);
    results.workloads = await race(
      tasks.map((task) => [task]),
      seconds,
    );
    if (includes('products')) results.products = await race([products], seconds / 4);
    if (includes('startup')) results.startUp = await startUps(specs, progress);
    const grown =
      specs.find(({ name }) => name === 'ndgrad-wasm') ?? specs.find(({ name }) => name.startsWith('ndgrad'));
    if (includes('growth') && grown) results.growth = await growths(grown, seconds / 4, progress);
  }
  results.machine = machine(loadBefore);
  progress('');
  process.stdout.write(report(results));
  write(results, [memory ? 'memory' : '', ...(only ?? []), ...(wanted ?? [])]);
}

/** The tasks of each group are done by the same processes. */
async function compare(
  versions: Results['versions'],
  specs: readonly ContenderSpec[],
  groups: readonly (readonly Task[])[],
  seconds: number,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const group of groups) {
    progress('starting');
    const field = await Field.start(specs);
    try {
      for (const task of group) {
        const title = task.kind === 'training' ? task.title : `${task.size} by ${task.size}`;
        comparisons.push(await field.race(task, { title, seconds, progress }));
      }
      Object.assign(versions, field.versions());
    } finally {
      field.stop();
    }
  }
  return comparisons;
}

function write(results: Results, parts: string[]) {
  const folder = new URL('../results/', import.meta.url);
  const name = resultName(new Date(results.date), ...parts);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(results, null, 1)}\n`);
  if (results.workloads.length > 0) {
    const { processor, cores, node } = results.machine;
    const caption = `${results.date.slice(0, 10)}, ${processor}, ${cores} cores, Node ${node}`;
    writeFileSync(new URL(`${name}.svg`, folder), picture(results.workloads, caption));
  }
  process.stderr.write(`bench/results/${name}.json\n`);
}

process.once('SIGINT', () => process.exit(130)); // the contenders hear it too
try {
  const given = settings();
  if (given === null) process.stdout.write(help);
  else await main(given);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
