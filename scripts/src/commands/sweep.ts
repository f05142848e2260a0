import { parseArgs } from 'node:util';
import type { AnyDecider, Swept } from '@palaver/decider';
import { sweepTopic } from '@palaver/process';
import { authDecider } from '@palaver/service-auth';
import { filesDecider } from '@palaver/service-files';
import { messagesDecider } from '@palaver/service-messages';
import { serversDecider } from '@palaver/service-servers';
import { type Command, UsageError } from '../command.ts';
import { withLog } from '../models.ts';
import { formatCount } from '../progress.ts';

/** Each event topic, and who says which of its streams have ended. */
const deciders: Readonly<Record<string, AnyDecider>> = Object.fromEntries(
  [authDecider, serversDecider, messagesDecider, filesDecider].map((decider: AnyDecider) => [
    `${decider.name}.events`,
    decider,
  ]),
);

export const sweep: Command = {
  name: 'sweep',
  summary: 'erase from the event topics what deletions have ended',
  usage: `[topic...]

Puts a tombstone on each record of what was deleted (an account's name and address, a message's text), and on those that no reader
takes; the deletions themselves stay. What is behind a tombstone is gone from the disk when Kafka has compacted the topic, after
max.compaction.lag.ms at the latest. Every service does the same by itself, once a PALAVER_SWEEP_INTERVAL. Safe at any time.

Environment: as for rebuild.`,
  async run(args) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const topics = chooseTopics(positionals);
    await withLog(process.env, async ({ log, codec }) => {
      for (const topic of topics) {
        console.log(describe(topic, await sweepTopic({ log, codec, decider: deciders[topic]! })));
      }
    });
    return 0;
  },
};

const chooseTopics = (names: readonly string[]): readonly string[] => {
  const known = Object.keys(deciders);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no event topic "${unknown}"; there are ${known.join(', ')}`);
  return names.length === 0 ? known : [...new Set(names)];
};

const describe = (topic: string, { ended, lost, unreadable }: Swept): string => {
  const kinds = Object.entries(ended).map(([kind, count]) => `${formatCount(count)} of ${kind}`);
  const found = [...kinds, ...(lost > 0 ? [`${formatCount(lost)} that no reader takes`] : [])];
  const passed = unreadable > 0 ? `; passed over ${formatCount(unreadable)} that cannot be read` : '';
  return `${topic}: ${found.length === 0 ? 'nothing to erase' : `erased ${found.join(', ')}`}${passed}`;
};
