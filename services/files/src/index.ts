export { filesDecider } from './decider.ts';
export { filesProblems, filesRoutes } from './routes.ts';
export { sweepStore } from './store-sweep.ts';
