export * from './config.ts';
export * from './lifecycle.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './retry.ts';
export * from './span.ts';
export * from './traces.ts';
