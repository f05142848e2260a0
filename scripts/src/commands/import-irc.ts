import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createApi } from '../api.ts';
import { type Command, UsageError } from '../command.ts';
import { readSettings } from '../house/settings.ts';
import { compareWithChannel } from '../irc/compare.ts';
import { namesOf, parseIrcLog } from '../irc/parse.ts';
import { type Place, replay } from '../irc/replay.ts';
import { resumeFile } from '../irc/resume.ts';
import { createProgress, formatCount, formatSeconds, type Progress } from '../progress.ts';

export const importIrc: Command = {
  name: 'import irc',
  summary: 'replay Ubuntu IRC logs through the public API, as real accounts',
  usage: `<files...> [options]

Files are taken in the order of their names, which hold the date (2004-12-25.log). An import that was interrupted
goes on where it was when it is run again; nothing is posted twice.

  --server NAME        the server to import into, made if it is missing (Ubuntu IRC)
  --gateway URL        the public door (http://127.0.0.1:3001)
  --concurrency N      accounts made at the same time (2)
  --verify             read the whole channel back afterwards and compare it with the files: name all
                       that were imported into it`,
  async run(args) {
    const { values, positionals: files } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        server: { type: 'string', default: 'Ubuntu IRC' },
        gateway: { type: 'string' },
        concurrency: { type: 'string', default: '2' },
        verify: { type: 'boolean', default: false },
      },
    });
    if (files.length === 0) throw new UsageError('import irc needs at least one file');
    const accountsInFlight = Number(values.concurrency);
    if (!Number.isInteger(accountsInFlight) || accountsInFlight < 1 || accountsInFlight > 64) {
      throw new UsageError(`--concurrency is "${values.concurrency}"; it takes a number from 1 to 64`);
    }
    const settings = readSettings(process.env);
    const gatewayUrl = values.gateway ?? `http://127.0.0.1:${settings.ports.gateway}`;
    if (!URL.canParse(gatewayUrl)) throw new UsageError(`--gateway is "${gatewayUrl}"; it takes a URL`);

    const startedMs = performance.now();
    const logs = [...files].sort(byName).map((file) => parseIrcLog(file, readFileSync(file, 'utf8')));
    const total = logs.reduce((sum, log) => sum + log.messages.length, 0);
    const names = namesOf(logs);
    console.log(`${formatCount(total)} messages by ${formatCount(names.length)} names in ${logs.length} file(s)`);

    const stop = new AbortController();
    const interrupt = () => stop.abort(new Error('interrupted; run the same command again to go on'));
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    const resume = resumeFile(join(settings.dataDir, 'imports'));
    const api = createApi({
      gatewayUrl: gatewayUrl.replace(/\/+$/, ''),
      signal: stop.signal,
      onWait: (reason) => waiting(`waiting for ${gatewayUrl}: ${reason}`),
    });
    let progress: Progress | undefined;
    const waiting = seldom((text) => (progress ? progress.say(text) : console.log(text)));
    try {
      const done = await replay({
        api,
        logs,
        serverName: values.server,
        accountsInFlight,
        resume,
        onProgress({ messages, joins }) {
          progress ??= createProgress({ unit: 'messages', total, already: messages });
          progress.update(messages, `${formatCount(joins)} joins`);
        },
      });
      progress?.end();
      const again = done.passedOver > 0 ? ` (${formatCount(done.passedOver)} more were there already)` : '';
      console.log(
        `imported ${logs.length} file(s): ${formatCount(done.messages)} messages${again}, ${formatCount(names.length)} names, ` +
          `${formatCount(done.joins)} joins, in ${formatSeconds(performance.now() - startedMs)}`,
      );
      console.log(`server ${done.serverId}, channel ${done.channelId}`);
      return values.verify ? await verifyChannel(done) : 0;
    } finally {
      resume.flush();
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    }

    async function verifyChannel(place: Place): Promise<number> {
      const reading = createProgress({ unit: 'messages read back', total });
      const { found, expected, differences } = await compareWithChannel({
        api,
        logs,
        place,
        serverName: values.server,
        onProgress: reading.update,
      });
      reading.end();
      for (const difference of differences) console.log(difference);
      const same = differences.length === 0;
      const hint =
        found > expected ? '; all of the channel is compared: name all files that were imported into it' : '';
      console.log(
        same
          ? `the channel's history equals the files: ${formatCount(found)} messages, in order`
          : `the channel's history differs from the files: ${formatCount(found)} messages there, ${formatCount(expected)} in the files${hint}`,
      );
      return same ? 0 : 1;
    }
  },
};

const byName = (one: string, other: string): number => {
  const [a, b] = [one, other].map((path) => path.split('/').at(-1)!) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
};

const sayEveryMs = 5_000;

/** Several requests wait for the same thing; one line is enough. */
const seldom = (say: (text: string) => void): ((text: string) => void) => {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (performance.now() - saidMs < sayEveryMs) return;
    saidMs = performance.now();
    say(text);
  };
};
