import { parseArgs } from 'node:util';
import type { Swept } from '@palaver/decider';
import { sweepTopic } from '@palaver/process';
import type { Command } from '../command.ts';
import { chooseTopics, deciders } from '../deciders.ts';
import { withLog } from '../models.ts';
import { formatCount } from '../progress.ts';

export const sweep: Command = {
  name: 'sweep',
  summary: 'erase from the event topics what deletions have ended',
  usage: `[topic...] [--json]

Puts a tombstone on each record of what was deleted (an account's name and address, a message's text), and on those that no reader
takes; the deletions themselves stay. What is behind a tombstone is gone from the disk when Kafka has compacted the topic, after
max.compaction.lag.ms at the latest. Every service does the same by itself, once a PALAVER_SWEEP_INTERVAL. Safe at any time.

  --json               a line of JSON for each topic: how many records, by the kind of their stream, and those that no reader takes

Environment: as for rebuild.`,
  async run(args) {
    const options = { json: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const topics = chooseTopics(positionals);
    await withLog(process.env, async ({ log, openCodec }) => {
      const codec = await openCodec();
      for (const topic of topics) {
        const swept = await sweepTopic({ log, codec, decider: deciders[topic]! });
        console.log(values.json ? JSON.stringify({ topic, ...swept }) : describe(topic, swept));
      }
    });
    return 0;
  },
};

const describe = (topic: string, { ended, lost, unreadable }: Swept): string => {
  const kinds = Object.entries(ended).map(([kind, count]) => `${formatCount(count)} of ${kind}`);
  const found = [...kinds, ...(lost > 0 ? [`${formatCount(lost)} that no reader takes`] : [])];
  const passed = unreadable > 0 ? `; passed over ${formatCount(unreadable)} that cannot be read` : '';
  return `${topic}: ${found.length === 0 ? 'nothing to erase' : `erased ${found.join(', ')}`}${passed}`;
};
