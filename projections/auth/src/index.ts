export * from './profiles.ts';
export { type SessionView, sessionsOf } from './sessions.ts';
