import { defineConfig } from 'vitest/config';

const inHouse = '**/*.e2e.test.ts';
/** They leave the house as it is, and each other's accounts alone. */
const gentle = [
  'services/**/*.e2e.test.ts',
  'scripts/src/{authorization,docs,lacking-schema,schemas,schemathesis}.e2e.test.ts',
];
const nodeModules = '**/node_modules/**';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['{schemas,infra,projections,services,scripts}/**/*.test.ts'],
          exclude: [inHouse, nodeModules],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'guests',
          include: gentle,
          exclude: [nodeModules],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // One file at a time: they break parts of the house for a while.
        test: {
          name: 'house',
          include: [inHouse],
          exclude: [...gentle, nodeModules],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
