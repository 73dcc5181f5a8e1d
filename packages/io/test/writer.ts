// Writes one file over and over until it is killed: 300,000 times one byte, another byte each time.
import { writeFileAtomic } from '../src/atomic.ts';

const path = process.argv[2]!;
for (let i = 0; ; i++) {
  await writeFileAtomic(path, new Uint8Array(300_000).fill(i));
  if (i === 0) process.stdout.write('begun\n');
}
