export type { Acquaintance, DirectChannel } from './direct.ts';
export * from './messages.ts';
export type { ReadState } from './reading.ts';
