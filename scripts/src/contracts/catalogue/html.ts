import type { Entry, TopicEntries } from './catalogue.ts';
import {
  anchorOf,
  defaultText,
  editionText,
  fieldsText,
  introduction,
  partyText,
  symbolsText,
  typeText,
} from './text.ts';

/** The catalogue as one page that needs nothing else: it can be opened from a folder. */

export const htmlOf = (topics: readonly TopicEntries[]): string => {
  const said = topics.filter(({ entries }) => entries.length > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Palaver: the catalogue</title>
<style>${style}</style>
</head>
<body>
<nav>
<input type="search" placeholder="Find" aria-label="Find records by any of their words">
${said.map(contents).join('\n')}
</nav>
<main>
<h1>The catalogue</h1>
<p>${text(introduction.replaceAll('`', ''))}</p>
${said.map(topicSection).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
};

const text = (raw: string): string => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const contents = ({ topic, entries }: TopicEntries): string =>
  `<div>
<p>${text(topic.name)}</p>
<ul>${entries.map((entry) => `<li><a href="#${anchorOf(entry)}">${text(entry.contract.schema.name)}</a></li>`).join('')}</ul>
</div>`;

const topicSection = ({ topic, entries }: TopicEntries): string =>
  `<article>
<h2>${text(topic.name)}</h2>
<p>${topic.partitions} partitions, <code>cleanup.policy=${topic.config['cleanup.policy']}</code></p>
${entries.map(entrySection).join('\n')}
</article>`;

const entrySection = (entry: Entry): string => {
  const { contract, key, root, producers, readers, editions } = entry;
  const { schema, fullName } = contract;
  const facts: readonly (readonly [string, string])[] = [
    ['Record', `<code>${text(fullName)}</code>`],
    ['Key', `<code>${text(key)}</code>, partitioned by <code>${text(root)}</code>`],
    ['Written by', producers.map((one) => text(partyText(one))).join('<br>')],
    ['Read by', readers.map((one) => text(`${partyText(one)}: ${fieldsText(one, entry)}`)).join('<br>')],
    ['Versions', text(editions.map(editionText).join(', '))],
  ];
  return `<section id="${anchorOf(entry)}">
<h3>${text(schema.name)}</h3>
${deprecated(schema)}<p>${text(schema.doc)}</p>
<dl>${facts.map(([name, fact]) => `<dt>${name}</dt><dd>${fact}</dd>`).join('')}</dl>
<table><thead><tr><th>Field</th><th>Type</th><th>Default</th><th></th></tr></thead><tbody>
${schema.fields.map(fieldRow).join('\n')}
</tbody></table>
</section>`;
};

const deprecated = ({ deprecated }: { readonly deprecated?: string }): string =>
  deprecated === undefined ? '' : `<p><strong>Deprecated:</strong> ${text(deprecated)}</p>\n`;

const fieldRow = (field: Entry['contract']['schema']['fields'][number]): string => {
  const symbols = symbolsText(field.type);
  const says = `${deprecated(field)}${text(field.doc)}${symbols && ` One of ${text(symbols)}.`}`;
  const value = defaultText(field.default);
  return `<tr><td><code>${field.name}</code></td><td>${text(typeText(field.type))}</td><td>${value && `<code>${text(value)}</code>`}</td><td>${says}</td></tr>`;
};

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 60rem); gap: 2rem }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; box-sizing: border-box; font-size: 0.875rem }
nav input { width: 100%; padding: 0.375rem; box-sizing: border-box; font: inherit }
nav p { margin: 1rem 0 0.25rem; font-weight: 600 }
nav ul { list-style: none; margin: 0; padding: 0 }
main { padding: 1rem }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); margin-top: 1.5rem; overflow-x: auto }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: 0.25rem 1rem }
dt { opacity: 0.7 }
dd { margin: 0 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent) }
code { font-family: ui-monospace, monospace; font-size: 0.9em }
a { color: inherit }
article:not(:has(section:not([hidden]))), nav div:not(:has(li:not([hidden]))) { display: none }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto } }
`;

const script = `
document.querySelector('nav input').addEventListener('input', ({ target }) => {
  const words = target.value.toLowerCase().split(/\\s+/);
  for (const section of document.querySelectorAll('section')) {
    const said = section.textContent.toLowerCase();
    section.hidden = !words.every((word) => said.includes(word));
    document.querySelector('nav a[href="#' + section.id + '"]').parentElement.hidden = section.hidden;
  }
});
`;
