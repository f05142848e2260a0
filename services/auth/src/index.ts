export { authDecider } from './decider.ts';
