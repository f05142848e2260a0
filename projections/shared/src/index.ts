export * from './channel-access.ts';
