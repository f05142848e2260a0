export { type Job, startErasure, startJob } from './job.ts';
export { type Service, type ServiceParts, serveService } from './service.ts';
export { type SweepTopicOptions, sweepTopic } from './sweeper.ts';
export { runWorker, type WorkerProcess } from './worker.ts';
