import type { Api } from '../api.ts';
import { type Client, done, headersOf, type Schemas } from '../client/client.ts';
import type { IrcLog, IrcMessage } from './parse.ts';
import { accountOf, type Place } from './replay.ts';

/** What a channel holds against what the logs say. */
export type Comparison = {
  /** Messages that the channel holds. */
  readonly found: number;
  /** Messages of the logs. */
  readonly expected: number;
  /** The first few, each one line. */
  readonly differences: readonly string[];
};

/** What is compared of a message. */
export type Posted = Pick<Schemas['Message'], 'authorId' | 'seq' | 'content' | 'importedAt'>;

const maxDifferences = 10;
const profilesInFlight = 8;

/** Reads the whole channel back through the history API and compares it with the logs: order, author, text and time of each message. */
export const compareWithChannel = async (options: {
  readonly api: Api;
  readonly serverName: string;
  readonly place: Place;
  readonly logs: readonly IrcLog[];
  readonly onProgress?: (read: number) => void;
}): Promise<Comparison> => {
  const { api, serverName, place, logs, onProgress = () => undefined } = options;
  const firstName = logs.flatMap((log) => log.messages)[0]?.name;
  if (firstName === undefined) return { found: 0, expected: 0, differences: [] };
  const { accessToken } = await api.signIn(accountOf(serverName, firstName));
  const found: Posted[] = [];
  for await (const message of api.history(accessToken, place.channelId)) {
    found.push(message);
    onProgress(found.length);
  }
  const names = await namesOfProfiles(
    api.client,
    accessToken,
    new Set(found.flatMap(({ authorId }) => authorId ?? [])),
  );
  return compare(
    logs.flatMap((log) => log.messages),
    found.reverse(),
    names,
  );
};

/** Both lists from the first message to the last. */
export const compare = (
  expected: readonly IrcMessage[],
  found: readonly Posted[],
  names: ReadonlyMap<string, string>,
): Comparison => {
  const differences: string[] = [];
  for (let index = 0; index < Math.max(expected.length, found.length); index += 1) {
    if (differences.length === maxDifferences) break;
    const difference = differenceOf(expected[index], found[index], names);
    if (difference) differences.push(difference);
  }
  return { found: found.length, expected: expected.length, differences };
};

const differenceOf = (
  expected: IrcMessage | undefined,
  found: Posted | undefined,
  names: ReadonlyMap<string, string>,
): string | null => {
  if (!expected) return `message ${found!.seq} is in none of the files: ${JSON.stringify(found!.content)}`;
  const where = `${expected.file}:${expected.line}`;
  if (!found) return `${where} is not in the channel: ${JSON.stringify(expected.text)}`;
  // Texts are kept in NFC.
  const wanted = [expected.name, expected.text.normalize('NFC'), Date.parse(expected.postedAt)];
  const got = [found.authorId && names.get(found.authorId), found.content, Date.parse(found.importedAt ?? '')];
  return JSON.stringify(wanted) === JSON.stringify(got)
    ? null
    : `${where} is ${JSON.stringify(wanted)}, but message ${found.seq} is ${JSON.stringify(got)}`;
};

const namesOfProfiles = async (
  client: Client,
  token: string,
  profileIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>();
  const queue = profileIds.values();
  const work = async (): Promise<void> => {
    for (const id of queue) {
      const params = { path: { profileId: id } };
      const { body } = await done(client.GET('/profiles/{profileId}', { params, headers: headersOf({ token }) }));
      names.set(id, body.name);
    }
  };
  await Promise.all(Array.from({ length: profilesInFlight }, work));
  return names;
};
