import { newId } from '@palaver/decider';

/** Where bytes lie in the object store: an upload on its way, and each try to keep a file. */
export const uploadKey = (fileId: string): string => `uploads/${fileId}`;
export const fileKey = (fileId: string): string => `files/${fileId}/${newId()}`;
