import { parseArgs } from 'node:util';
import { type Command, UsageError } from '../command.ts';
import { readSettings, traceDir } from '../house/settings.ts';
import { fitWidth } from '../table.ts';
import { readSpans, treesOf } from '../traces/find.ts';
import { treeJson, treeLines } from '../traces/show.ts';

export const trace: Command = {
  name: 'trace',
  summary: 'what all processes did for one request',
  usage: `<request id> [--json]

The request's way from the gateway through the log to the commits of the read models: what each process did, when it began, counted from
the request's start, how long it took, and where on the log. The id is in the answer's header X-Request-Id, and in every line of the
logs. Of requests to a house on this machine, from a moment after they were answered until later ones have taken their place.

  --json               a line of JSON for each span

Environment: PALAVER_DATA (.palaver).`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    const [requestId, ...others] = positionals;
    if (requestId === undefined || others.length > 0) throw new UsageError('trace takes one request id');
    const folder = traceDir(readSettings(process.env).dataDir);
    const trees = treesOf(await readSpans(folder, requestId), requestId);
    if (trees.length === 0) throw new Error(`no trace of the request ${requestId} lies in ${folder}`);
    const show = values.json ? treeJson : treeLines;
    for (const line of trees.flatMap(show)) console.log(values.json ? line : fitWidth(line, process.stdout));
    return 0;
  },
};
