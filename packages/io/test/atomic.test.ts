import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '@ndgrad/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileError, writeFileAtomic } from '../src/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-atomic-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  faults.clear();
  rmSync(folder, { recursive: true, force: true });
});

/** Which call on an opened file fails, with which code. */
const faults = vi.hoisted(() => new Map<string, string>());
/** The calls that reached the system, in their order. */
const calls = vi.hoisted((): string[] => []);
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const failing = (call: string) => {
    calls.push(call);
    const code = faults.get(call);
    if (code === undefined) return;
    throw Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call });
  };
  return {
    ...real,
    rename: async (from: string, to: string) => {
      failing('rename');
      await real.rename(from, to);
    },
    open: async (path: string, flags: string, mode?: number) => {
      const file = await real.open(path, flags, mode);
      const [write, sync] = [file.writeFile.bind(file), file.sync.bind(file)];
      return Object.assign(file, {
        writeFile: async (part: Uint8Array) => {
          await write(part.subarray(0, part.length / 2)); // a disk is full in the middle of a file
          failing('write');
          await write(part.subarray(part.length / 2));
        },
        sync: async () => {
          failing(flags === 'r' ? 'sync of the folder' : 'sync');
          await sync();
        },
      });
    },
  };
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (path: string): string => readFileSync(path, 'utf8');
const reason = (path: string, content = 'new') =>
  writeFileAtomic(path, bytes(content)).then(
    () => 'nothing thrown',
    (error: unknown) => (error instanceof FileError ? error.message : `no FileError: ${error}`),
  );

/** Runs the body as a user without the administrator's rights, who may write where permissions say so. */
async function unprivileged<T>(body: () => Promise<T>): Promise<T> {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    return await body();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

describe('writeFileAtomic', () => {
  it('writes a new file, and leaves nothing else in the folder', async () => {
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, Uint8Array.of(0, 255, 10));
    expect([...readFileSync(path)]).toEqual([0, 255, 10]);
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });

  it('is on the disk before it takes the name, and so is the name before it is done', async () => {
    calls.length = 0;
    await writeFileAtomic(join(folder, 'a'), [bytes('one'), bytes('two')]);
    expect(calls).toEqual(['write', 'write', 'sync', 'rename', 'sync of the folder']);
  });

  it('writes pieces one after another, also none and empty ones', async () => {
    const path = join(folder, 'a');
    await writeFileAtomic(
      path,
      (function* () {
        yield bytes('one ');
        yield new Uint8Array(0);
        yield bytes('two');
      })(),
    );
    expect(text(path)).toBe('one two');
    await writeFileAtomic(path, []);
    expect(text(path)).toBe('');
  });

  it('writes only the bytes of a view, of a file larger than one write of the system', async () => {
    const large = new Uint8Array(3_000_001).map((_, i) => i * 7);
    await writeFileAtomic(join(folder, 'large'), large.subarray(1));
    expect(readFileSync(join(folder, 'large')).equals(large.subarray(1))).toBe(true);
  });

  it('gives a new file the permissions of any new file, and keeps those of one that is there', async () => {
    const path = join(folder, 'a');
    writeFileSync(join(folder, 'other'), '');
    await writeFileAtomic(path, bytes('1'));
    expect(statSync(path).mode).toBe(statSync(join(folder, 'other')).mode);
    chmodSync(path, 0o640);
    await writeFileAtomic(path, bytes('2'));
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    chmodSync(path, 0o666); // more than the usual mask lets through
    await writeFileAtomic(path, bytes('3'));
    expect([statSync(path).mode & 0o7777, text(path)]).toEqual([0o666, '3']);
  });

  it('replaces what a symbolic link leads to, and keeps the link', async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'a'), 'old');
    symlinkSync(join('real', 'a'), join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), bytes('new'));
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(text(join(folder, 'real', 'a'))).toBe('new');
    expect(readdirSync(folder).sort()).toEqual(['link', 'real']);
  });

  it.each([
    ['write', 'ENOSPC', "can't be written, because the disk is full: free some space, or choose another disk"],
    ['sync', 'ENOSPC', "can't be written, because the disk is full: free some space, or choose another disk"],
    ['sync', 'EIO', "can't be written, because the disk reports an error: choose another disk"],
    ['write', 'EFBIG', 'because the file is larger than the system allows: save less, or raise the limit (ulimit -f)'],
    ['rename', 'EPERM', "can't be put in place, because the system forbids it: check the permissions of the file"],
    ['rename', 'EODD', "can't be put in place, because EODD: injected, rename: remove that cause, then try again"],
  ])('keeps the old file and removes the temporary one when a %s fails with %s', async (call, code, message) => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    faults.set(call, code);
    const said = await reason(path);
    expect(said.startsWith(`${path}: `) && said.includes(message), said).toBe(true);
    expect(readdirSync(folder)).toEqual(['a']);
    expect(text(path)).toBe('old');
    faults.clear();
    await writeFileAtomic(path, bytes('new'));
    expect(text(path)).toBe('new');
  });

  it('leaves no file at all where there was none, and a piece can not be made', async () => {
    const failing = (function* () {
      yield bytes('half');
      throw new RangeError('the second half is missing');
    })();
    await expect(writeFileAtomic(join(folder, 'a'), failing)).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that the folder could not be flushed; the file is then in place', async () => {
    faults.set('sync of the folder', 'EIO');
    expect(await reason(join(folder, 'a'))).toContain(
      'is written, but may not outlast a power failure, because the disk',
    );
    expect(text(join(folder, 'a'))).toBe('new');
    faults.set('sync of the folder', 'EINVAL'); // file systems that know no such thing
    await writeFileAtomic(join(folder, 'a'), bytes('newer'));
    expect(text(join(folder, 'a'))).toBe('newer');
  });

  it('says what is wrong with a path, and what to do', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'file'), 'old');
    symlinkSync('circle', join(folder, 'circle'));
    const expected: [path: string, message: string][] = [
      [folder, 'it is a folder: give the path of a file in it'],
      [join(folder, 'sub/'), 'it is a folder: give the path of a file in it'],
      [join(folder, 'new/'), 'it is a folder: give the path of a file in it'],
      ['/dev/null', 'it is no regular file: give the path of a file'],
      [
        join(folder, 'no', 'a'),
        `can't be written, because the folder ${join(folder, 'no')} does not exist: make it first`,
      ],
      [
        join(folder, 'file', 'a'),
        `can't be written, because ${join(folder, 'file')} is not a folder: give a path in a folder`,
      ],
      [join(folder, 'x'.repeat(256)), "can't be written, because the name is too long: choose a shorter one"],
      [
        join(folder, 'circle'),
        "can't be written, because its symbolic links lead in a circle: give the path of a file",
      ],
    ];
    for (const [path, message] of expected) expect(await reason(path)).toBe(`${path}: ${message}`);
    expect(readdirSync(folder).sort()).toEqual(['circle', 'file', 'sub']);
    expect(text(join(folder, 'file'))).toBe('old');
  });

  it('respects a folder and a file that may not be written', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    chmodSync(path, 0o666);
    chmodSync(folder, 0o555);
    const forbidden = `can't be written, because you have no permission: check the permissions of the file and of the folder ${folder}`;
    expect(await unprivileged(() => reason(path))).toBe(`${path}: ${forbidden}`);
    chmodSync(folder, 0o777);
    chmodSync(path, 0o444);
    expect(await unprivileged(() => reason(path))).toBe(`${path}: ${forbidden}`);
    expect([text(path), readdirSync(folder)]).toEqual(['old', ['a']]);
  });

  it('refuses what are no bytes and no path', async () => {
    const path = join(folder, 'a');
    for (const wrong of ['text', null, 3, ['text']]) {
      await expect(writeFileAtomic(path, wrong as never)).rejects.toThrow(ArgumentError);
    }
    await expect(writeFileAtomic(path, ['text'] as never)).rejects.toThrow(
      'writeFileAtomic: the bytes must be a Uint8Array, or several, got "text"',
    );
    for (const wrong of ['', 'a\0b', 3]) {
      await expect(writeFileAtomic(wrong as never, bytes(''))).rejects.toThrow(
        'writeFileAtomic: the path must be text that is not empty',
      );
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves one of the files, whole, when several write one path at a time', async () => {
    const path = join(folder, 'a');
    const contents = Array.from({ length: 12 }, (_, i) => new Uint8Array(200_000 + i).fill(i));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    const left = readFileSync(path);
    expect(left.equals(contents[left[0]!]!)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('removes what killed writers of the same file left an hour ago, and nothing else', async () => {
    const old = new Date(Date.now() - 3_700_000);
    const names = ['.a.0123456789ab.tmp', '.a.tmp', '.a.safetensors.0123456789ab.tmp', '.b.0123456789ab.tmp'];
    for (const name of names) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), old, old);
    }
    writeFileSync(join(folder, '.a.fedcba987654.tmp'), ''); // may still be written
    await writeFileAtomic(join(folder, 'a'), bytes('new'));
    expect(readdirSync(folder).sort()).toEqual([...names.slice(1), '.a.fedcba987654.tmp', 'a'].sort());
  });
});

describe('a process that is killed', () => {
  it('leaves the old file or the new one, whole, whenever it is killed', async () => {
    const path = join(folder, 'a');
    const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
    for (let run = 0; run < 3; run++) {
      const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', writer, path], { stdio: 'pipe' });
      await once(child.stdout!, 'data'); // it has begun
      await new Promise((resolve) => setTimeout(resolve, 20 + 37 * run));
      for (let i = 0; i < 20; i++) expect(isWhole(readFileSync(path))).toBe(true); // also while it writes
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(isWhole(readFileSync(path))).toBe(true);
    }
  });

  /** 300,000 times one byte: what writer.ts writes, another byte each time. */
  const isWhole = (content: Uint8Array): boolean =>
    content.length === 300_000 && content.every((b) => b === content[0]);
});

describe('a small disk', () => {
  /** Mounts a file system of 64 KiB, where the test runs as administrator of a system that allows it. */
  const mount = (at: string): boolean => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };

  it('keeps the old file when it is full', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    // Without the right to mount, a failing write stands in for the disk.
    const mounted = mount(disk);
    try {
      const path = join(disk, 'a');
      await writeFileAtomic(path, bytes('old'));
      if (!mounted) faults.set('write', 'ENOSPC');
      expect(await reason(path, 'x'.repeat(100_000))).toBe(
        `${path}: can't be written, because the disk is full: free some space, or choose another disk`,
      );
      expect([text(path), readdirSync(disk)]).toEqual(['old', ['a']]);
    } finally {
      if (mounted) execFileSync('umount', [disk]);
    }
    expect(existsSync(join(disk, 'a'))).toBe(!mounted);
  });
});
