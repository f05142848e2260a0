export { authDecider } from './decider.ts';
export { type AuthParts, authProblems, authRoutes } from './routes.ts';
