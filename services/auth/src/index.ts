export { authDecider } from './decider.ts';
export { authProblems, authRoutes } from './routes.ts';
