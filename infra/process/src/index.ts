export { logOptions } from './log-options.ts';
export { type Service, type ServiceParts, serveService } from './service.ts';
export { runWorker, type WorkerProcess } from './worker.ts';
export { followSessionEnds, longestTokenMs, type SessionEnds } from './session-ends.ts';
export { proxyVariables } from './variables.ts';
export { openTokens, type Tokens } from './tokens.ts';
