import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContracts, readHistory, schemasFolder } from '@palaver/schemas/contracts';
import packageOfAll from '../../../../package.json' with { type: 'json' };
import { asyncApiOf } from './asyncapi.ts';
import { catalogueOf } from './catalogue.ts';
import { htmlOf } from './html.ts';
import { markdownOf } from './markdown.ts';

/** The catalogue's files, which lie beside the schemas that they are made of. */

export const catalogueFolder: string = join(schemasFolder, 'catalogue');

const filesOf = (): Readonly<Record<string, string>> => {
  const catalogue = catalogueOf(readContracts(), readHistory());
  return {
    'README.md': markdownOf(catalogue),
    'index.html': htmlOf(catalogue),
    'asyncapi.json': `${JSON.stringify(asyncApiOf(catalogue, packageOfAll.version), null, 2)}\n`,
  };
};

/** The names of the files that are not what they should be; unless it only checks, they are from here on. */
export const writeCatalogue = ({ check, folder = catalogueFolder }: { check: boolean; folder?: string }): string[] => {
  mkdirSync(folder, { recursive: true });
  const drifted = Object.entries(filesOf()).filter(([name, wanted]) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== wanted;
  });
  if (!check) for (const [name, wanted] of drifted) writeFileSync(join(folder, name), wanted);
  return drifted.map(([name]) => name);
};
