import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest asks for it
export default defineConfig({
  test: {
    include: ['{packages/*,examples,conformance}/test/**/*.test.ts'],
    globalSetup: './scripts/setup.mjs',
    testTimeout: 60_000,
  },
});
