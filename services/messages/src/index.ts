export { message, type PostResult, postMessage } from './channel.ts';
export { messagesDecider } from './decider.ts';
export { messagesProblems, messagesRoutes } from './routes.ts';
export { searchRoutes } from './search-routes.ts';
export { typingIn } from './typing.ts';
