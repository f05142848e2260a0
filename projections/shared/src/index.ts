export * from './channel-access.ts';
export * from './pictures.ts';
