import { kafkaLog } from '../kafka.ts';

/** A member of a group in a process of its own, so that a test can kill it. Prints a line for each partition it has acquired. */
const [broker, groupId, ...topics] = process.argv.slice(2);
const log = kafkaLog({ brokers: [broker!], clientId: 'killed' });
await log.join({
  groupId: groupId!,
  topics,
  positions: 'group',
  acquire: (partition) => ({
    start: async () => {
      console.log(`acquired ${partition}`);
      return {};
    },
    handle: async () => undefined,
    stop: async () => undefined,
  }),
  onCrash: (error) => {
    throw error;
  },
});
