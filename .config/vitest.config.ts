import { defineConfig } from 'vitest/config';

const folders = '{schemas,infra,projections,services,scripts}';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    exclude: ['**/node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    allowOnly: false,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [`${folders}/**/*.test.ts`],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        // One file after the other, when all else is done: some of them kill the processes that the others talk to.
        extends: true,
        test: {
          name: 'whole',
          include: [`${folders}/**/*.e2e.test.ts`],
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
  },
});
