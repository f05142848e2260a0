export { deletionProcess } from './account.ts';
export { authDecider } from './decider.ts';
export { emailChangeProcess } from './email-change.ts';
export { noticesProcess } from './notices.ts';
export { type AuthParts, authProblems, authRoutes } from './routes.ts';
export { signUpProcess } from './sign-up.ts';
