import { defineConfig } from 'vitest/config';

const inHouse = '**/*.e2e.test.ts';
const ofServices = 'services/**/*.e2e.test.ts';
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
        // Two files at a time: they share the house, and leave each other's accounts alone.
        test: {
          name: 'services',
          include: [ofServices],
          exclude: [nodeModules],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // One file at a time: some of them break parts of the house for a while.
        test: {
          name: 'house',
          include: [inHouse],
          exclude: [ofServices, nodeModules],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
