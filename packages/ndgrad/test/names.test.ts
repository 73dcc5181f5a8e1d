import { expect, it } from 'vitest';
import * as names from '../src/index.ts';

it('pins the public names', async () => {
  await expect(Object.keys(names).sort().join('\n')).toMatchFileSnapshot('names.txt');
});
