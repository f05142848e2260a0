export * from './generated/auth.ts';
export * from './generated/messages.ts';
export * from './generated/servers.ts';
export * from './password-id.ts';
export * from './permissions.ts';
export * from './schemas.ts';
export * from './session-ends.ts';
export * from './topics.ts';
