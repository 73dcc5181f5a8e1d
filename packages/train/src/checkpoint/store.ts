import { CheckpointError } from '../errors.ts';
import { files, nodeModule } from './node.ts';

/** The bytes of a file; `null` where nothing is. @throws CheckpointError where they can't be read */
export async function bytesAt(path: string): Promise<Uint8Array | null> {
  const { readFile } = nodeModule('node:fs/promises');
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    const reason = { EACCES: 'you have no permission', EISDIR: 'it is a folder' }[code ?? ''] ?? message;
    throw new CheckpointError(`${path}: it can't be read: ${reason}`, { cause });
  }
}

/** The files of a run's checkpoints: the last at `path`, those before and the best beside it. */
export class Store {
  /** The step of the checkpoint at `path`; `null` where there is none of this run. */
  private last: number | null = null;

  /**
   * @param path `run.safetensors`: the best one is `run.best.safetensors`, one of step 600 `run.step-600.safetensors`
   * @param keepLast how many of the last ones stay
   */
  constructor(
    readonly path: string,
    private readonly keepLast: number,
  ) {}

  /** The bytes at `path`; `null` where nothing is. @throws CheckpointError where they can't be read */
  read(): Promise<Uint8Array | null> {
    return bytesAt(this.path);
  }

  /** Says that the checkpoint at `path` is this run's, of that step. */
  goOnFrom(step: number): void {
    this.last = step;
  }

  /** Puts the bytes in place. Each file that goes does so when the new one is safe on the disk. */
  async write(bytes: Uint8Array, step: number, isBest: boolean): Promise<void> {
    const { writeFileAtomic } = await files();
    // The best comes first: a run that is ended in between comes to it again.
    if (isBest) await writeFileAtomic(this.beside('best'), bytes);
    if (this.keepLast > 1 && this.last !== null && this.last !== step) await this.keep(this.last);
    await writeFileAtomic(this.path, bytes);
    this.last = step;
    if (this.keepLast > 1) await this.removeOlder(step);
  }

  /** Gives the checkpoint at `path` a second name, which stays when `path` is replaced. */
  private async keep(step: number): Promise<void> {
    const { link, realpath } = nodeModule('node:fs/promises');
    const name = this.beside(`step-${step}`);
    try {
      await link(await realpath(this.path), name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || code === 'ENOENT') return; // kept before, or taken away by somebody
      const { writeFileAtomic } = await files(); // a disk without such names
      await writeFileAtomic(name, (await this.read())!);
    }
  }

  private async removeOlder(step: number): Promise<void> {
    const { readdir, unlink } = nodeModule('node:fs/promises');
    const { basename, dirname, join } = nodeModule('node:path');
    const [before, after] = basename(this.beside('\0')).split('\0') as [string, string];
    const folder = dirname(this.path);
    const steps = (await readdir(folder))
      .filter((name) => name.startsWith(`${before}step-`) && name.endsWith(after))
      .map((name) => Number(name.slice(before.length + 'step-'.length, name.length - after.length)))
      .filter((older) => Number.isInteger(older) && older < step)
      .sort((a, b) => b - a);
    for (const older of steps.slice(this.keepLast - 1)) await unlink(join(folder, `${before}step-${older}${after}`));
  }

  /** `run.safetensors` → `run.best.safetensors` */
  private beside(what: string): string {
    const { format, parse } = nodeModule('node:path');
    const { dir, name, ext } = parse(this.path);
    return format({ dir, name: `${name}.${what}`, ext });
  }
}
