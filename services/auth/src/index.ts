export { authDecider } from './decider.ts';
export { passwordIdOf } from './profile.ts';
