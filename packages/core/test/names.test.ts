import { expect, it } from 'vitest';
import * as core from '../src/index.ts';

it('pins the public names', async () => {
  await expect(Object.keys(core).sort().join('\n')).toMatchFileSnapshot('names.txt');
});
