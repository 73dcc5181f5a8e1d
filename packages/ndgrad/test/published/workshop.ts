import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const isWindows = process.platform === 'win32';

export const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** Runs a program and gives what it prints. @throws Error with all its output where it fails */
export async function run(
  program: string,
  words: readonly string[],
  { cwd = repository, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  // npm and npx are scripts of the shell on Windows.
  const options = { cwd, env: { ...process.env, ...env }, shell: isWindows && program.startsWith('np') };
  try {
    return (await execute(program, words, options)).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    throw new Error(`${message}\n${stdout}`);
  }
}

/** All packages packed and installed by npm in an empty folder, as whoever depends on them has them. */
export class Workshop {
  private constructor(readonly folder: string) {}

  static async open(): Promise<Workshop> {
    const workshop = new Workshop(await mkdtemp(join(tmpdir(), 'ndgrad-published-')));
    try {
      await workshop.furnish();
    } catch (error) {
      await workshop.close();
      throw error;
    }
    return workshop;
  }

  /** Where the packages are installed. */
  get home(): string {
    return join(this.folder, 'home');
  }

  /** The tarballs' paths. */
  async tarballs(): Promise<string[]> {
    const folder = join(this.folder, 'tarballs');
    return (await readdir(folder)).sort().map((name) => join(folder, name));
  }

  /** Node of a major version: this one, or one that comes as a package of npm's. */
  async node(version: number): Promise<string> {
    if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
    const cwd = await mkdtemp(join(this.folder, 'node-'));
    const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}@${version}`;
    const tarball = (await run('npm', ['pack', '--prefer-offline', '--silent', name], { cwd })).trim();
    const program = `package/bin/node${isWindows ? '.exe' : ''}`;
    await run('tar', ['-xzf', tarball, program], { cwd });
    return join(cwd, program);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private async furnish(): Promise<void> {
    await run(process.execPath, ['scripts/pack.mjs', join(this.folder, 'tarballs')]);
    await mkdir(this.home);
    await writeFile(join(this.home, 'package.json'), '{ "private": true, "type": "module" }');
    const words = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', [...words, ...(await this.tarballs())], { cwd: this.home });
    for (const name of ['train.mjs', 'browser.mjs', 'names.mjs']) {
      await cp(fileURLToPath(new URL(name, import.meta.url)), join(this.home, name));
    }
  }
}

/** Does the work for each item, two at a time. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
