import type { Route } from '@palaver/http';
import type { FilesQueries } from '@palaver/projection-files';
import { fileRoutes } from './file-routes.ts';
import type { FileStore } from './store-guard.ts';
import { type UploadLimits, uploadRoutes } from './upload-routes.ts';

export { filesProblems } from './problems.ts';

/** This service's routes, commands and queries. */
export const filesRoutes = (parts: {
  queries: FilesQueries;
  store: FileStore;
  limits: UploadLimits;
}): readonly Route[] => [...uploadRoutes(parts), ...fileRoutes({ ...parts, quotaBytes: parts.limits.quotaBytes })];
