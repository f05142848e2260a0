export { LocalError } from './error.ts';
export { createTopics, type TopicSpecification } from './kafka.ts';
export { type PartName, partNames } from './part.ts';
export { type LocalPorts, localPorts } from './ports.ts';
export { createDatabases } from './postgres.ts';
export { createBucket, type ObjectStore } from './s3.ts';
export { type LocalOptions, type LocalStack, removeLocalData, startLocal } from './stack.ts';
