export { type Following, startFollowing } from './following.ts';
export { eraseLeftovers, type Job, type Leftovers, startErasure, startJob } from './job.ts';
export { logOptions } from './log-options.ts';
export { type Service, type ServiceParts, serveService } from './service.ts';
export { followSessionEnds, longestTokenMs, type SessionEnds } from './session-ends.ts';
export { type SweepTopicOptions, sweepTopic } from './sweeper.ts';
export { openTokens, type Tokens } from './tokens.ts';
export { proxyVariables } from './variables.ts';
export { runWorker, type WorkerProcess } from './worker.ts';
