export { mergeDocuments } from './documents.ts';
