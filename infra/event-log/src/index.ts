export * from './codec.ts';
export * from './log.ts';
export * from './order.ts';
