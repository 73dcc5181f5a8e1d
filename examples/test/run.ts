import { Writable } from 'node:stream';
import { type Lesson, runCommand } from 'ndgrad/command';

/** Runs a lesson by the command, and gives what it wrote. */
export async function runLesson(
  lesson: Lesson,
  options: string[],
): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new Paper(), new Paper()];
  const code = await runCommand([lesson], [lesson.name, ...options], { stdout, stderr });
  return { code, out: stdout.text, err: stderr.text };
}

class Paper extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
