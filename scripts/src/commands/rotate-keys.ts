import { existsSync } from 'node:fs';
import { type Command, UsageError } from '../command.ts';
import { rotateSigningKey, secretFiles } from '../house/secrets.ts';
import { readSettings } from '../house/settings.ts';

export const rotateKeys: Command = {
  name: 'rotate keys',
  summary: 'sign tokens with a new key from here on, while everything runs',
  usage: `

Adds a key to the two files in secrets/ of the data folder. Its public half is written first, and a few seconds later the
private one: by then every process knows it. Keys replaced more than an hour ago are dropped from both. Run it again only
when it has ended.

Environment: PALAVER_DATA, the data folder.`,
  async run(args) {
    if (args.length > 0) throw new UsageError('rotate keys takes no arguments');
    const { dataDir } = readSettings(process.env);
    const files = secretFiles(dataDir);
    if (!existsSync(files.signingKey))
      throw new UsageError(`there are no keys in ${dataDir} yet; npm start makes them`);
    const { kid, dropped } = await rotateSigningKey(files);
    console.log(
      `tokens are signed with ${kid} from here on${dropped.length > 0 ? `; dropped ${dropped.join(', ')}` : ''}`,
    );
    return 0;
  },
};
