export { type Service, type ServiceParts, serveService } from './service.ts';
export { runWorker, type WorkerProcess } from './worker.ts';
