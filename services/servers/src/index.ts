export { serversDecider } from './decider.ts';
export { serversProblems, serversRoutes } from './routes.ts';
