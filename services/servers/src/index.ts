export { serversDecider } from './decider.ts';
