// The process of a contender that is written in JavaScript: `node child.js MODULE VARIANT`. See protocol.ts.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Load, Run } from './contender.ts';
import type { Checked, Hello, Memory, Request, Timed } from './protocol.ts';
import { sizeOf, type Task } from './tasks.ts';

// Standard output is for replies; peers greet on it.
console.log = console.info = console.error;

const say = (reply: object) => process.stdout.write(`${JSON.stringify(reply)}\n`);

function numbersIn(file: string, shapes: readonly number[][]): Float64Array[] {
  const bytes = readFileSync(file);
  let at = bytes.byteOffset;
  return shapes.map((shape) => {
    const end = at + 8 * sizeOf(shape);
    const array = new Float64Array(bytes.buffer.slice(at, end));
    at = end;
    return array;
  });
}

/** First, last and mean element of a product; a loss as it is. */
function digest(task: Task, result: ArrayLike<number>): number[] {
  const values = Array.from(result);
  if (task.kind === 'training') return values;
  return [values[0]!, values.at(-1)!, values.reduce((a, b) => a + b, 0) / values.length];
}

async function check(run: Run, task: Task, steps: number): Promise<Checked> {
  const results: number[][] = [];
  for (let i = 0; i < steps; i++) {
    await run.step();
    await run.finish?.();
    results.push(digest(task, run.result()));
  }
  return { results };
}

async function time(run: Run, steps: number, samples: number): Promise<Timed> {
  const micros: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const start = performance.now();
    for (let i = 0; i < steps; i++) {
      const pending = run.step();
      if (pending !== undefined) await pending;
    }
    if (run.finish !== undefined) await run.finish();
    micros.push((1000 * (performance.now() - start)) / steps);
  }
  return { micros };
}

const memory = (): Memory => ({ rss: process.memoryUsage.rss(), peak: 1024 * process.resourceUsage().maxRSS });

async function serve(module: string, variant: string) {
  const start = performance.now();
  const { load } = (await import(`./contenders/${module}.js`)) as { load: Load };
  const contender = await load(variant);
  say({ version: contender.version, importMilliseconds: performance.now() - start } satisfies Hello);
  let task: Task;
  let run: Run;
  const answer = async (request: Request) => {
    switch (request.do) {
      case 'prepare':
        task = request.task;
        run = await contender.prepare(task, numbersIn(request.file, request.shapes));
        return {};
      case 'check':
        return check(run, task, request.steps);
      case 'time':
        return time(run, request.steps, request.samples);
      case 'memory':
        return memory();
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    say(await answer(JSON.parse(line)).catch(failure));
  }
}

const failure = (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) });

await serve(process.argv[2]!, process.argv[3]!).catch((error) => say(failure(error)));
