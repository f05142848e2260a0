import { type AnyDecider, topicsOf } from '@palaver/decider';
import { authDecider } from '@palaver/service-auth';
import { filesDecider } from '@palaver/service-files';
import { messagesDecider } from '@palaver/service-messages';
import { serversDecider } from '@palaver/service-servers';
import { UsageError } from './command.ts';

/** Each event topic, and who says which streams it has, how they fold, and which have ended. */
export const deciders: Readonly<Record<string, AnyDecider>> = Object.fromEntries(
  [authDecider, serversDecider, messagesDecider, filesDecider].map((decider: AnyDecider) => [
    topicsOf(decider.name).events,
    decider,
  ]),
);

/** Event topics as they are typed, also without `.events`; all of them where none is. Throws `UsageError`. */
export const chooseTopics = (names: readonly string[]): readonly string[] => {
  const known = Object.keys(deciders);
  const topics = names.map((name) => (name.includes('.') ? name : topicsOf(name).events));
  const unknown = topics.findIndex((topic) => !known.includes(topic));
  if (unknown >= 0) throw new UsageError(`there is no event topic "${names[unknown]}"; there are ${known.join(', ')}`);
  return topics.length === 0 ? known : [...new Set(topics)];
};

/** The topics that may hold a stream, by the kind in its name. Throws `UsageError` where there is no such kind. */
export const topicsOfStream = (stream: string, topics: readonly string[]): readonly string[] => {
  const kind = stream.slice(0, stream.indexOf(':'));
  const found = topics.filter((topic) => deciders[topic]!.kinds.some((one) => one.kind === kind));
  if (found.length > 0) return found;
  const kinds = [...new Set(topics.flatMap((topic) => deciders[topic]!.kinds.map((one) => one.kind)))];
  throw new UsageError(`there is no kind of stream "${kind}"; there are ${kinds.join(', ')}`);
};
