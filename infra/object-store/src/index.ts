export * from './content-disposition.ts';
export * from './errors.ts';
export { maxObjectBytes, partBytes } from './limits.ts';
export * from './object-store.ts';
