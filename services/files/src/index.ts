export { filesDecider } from './decider.ts';
export { removalProcess } from './erasure.ts';
export { thumbnailProcess } from './jobs/thumbnail-process.ts';
export { filesProblems, filesRoutes } from './routes.ts';
export { sweepStore } from './store-sweep.ts';
