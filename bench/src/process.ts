import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './contenders.ts';
import type { Failure, Hello, Replies, Request } from './protocol.ts';

/** After so long without an answer, a contender is given up. */
const patience = 180_000;

/** A contender's process. Ask one thing at a time. */
export class Contestant {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #lastWords = '';
  hello!: Hello;

  private constructor({ command, args, env }: Program) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.on('error', (error) => this.#hear(error.message));
    this.#closed = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin!.on('error', () => {}); // it has died: the missing answer says so
    this.#process.stderr!.on('data', (chunk) => this.#hear(String(chunk)));
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts it. @throws where it can't be loaded, with its reason */
  static async start(program: Program): Promise<Contestant> {
    const contestant = new Contestant(program);
    try {
      const { version, importMilliseconds } = await contestant.#read<Hello>();
      contestant.hello = { version: withoutFolders(version), importMilliseconds };
    } catch (error) {
      contestant.stop();
      throw error;
    }
    return contestant;
  }

  /** @throws what the contender says instead of a reply, or that it died */
  async ask<Kind extends Request['do']>(request: Request & { do: Kind }): Promise<Replies[Kind]> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.#read<Replies[Kind]>();
  }

  stop() {
    this.#process.kill('SIGKILL');
  }

  async #read<T>(): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.stop();
        reject(new Error(`no answer within ${patience / 1000} s`));
      }, patience);
    });
    const { value, done } = await Promise.race([this.#lines.next(), silence]).finally(() => clearTimeout(timer));
    if (done) {
      await Promise.race([this.#closed, sleep(1000)]);
      throw new Error(`its process ended: ${this.#lastWords || 'without a word'}`);
    }
    const reply = JSON.parse(value) as T | Failure;
    if (typeof reply === 'object' && reply !== null && 'error' in reply) throw new Error(reply.error);
    return reply as T;
  }

  #hear(text: string) {
    this.#lastWords = text.trim().split('\n').at(-1) || this.#lastWords;
  }
}

/** An error in a line, for the record. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return withoutFolders(message.split('\n')[0]!);
}

/** A text with its paths cut to the names of the files. */
export function withoutFolders(text: string): string {
  return text.replaceAll(/(?:file:\/\/)?(?:\/[\w.@+-]+)+\/(?=[\w.@+-])/g, '');
}
