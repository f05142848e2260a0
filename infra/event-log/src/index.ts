export * from './codec.ts';
export * from './log.ts';
export * from './memory.ts';
export * from './order.ts';
export * from './partition.ts';
