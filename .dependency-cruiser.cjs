/**
 * The arrows of the house: which room may import which. The table is in README.md, under Layout.
 * Packages of ours resolve through the workspace's links to their folders, so that a rule sees paths such as infra/decider/src.
 */

/** Files of ours; what lies in node_modules is somebody else's. */
const rooms = ['schemas', 'infra', 'projections', 'services', 'scripts'];
const room = (...names) => `^(${names.join('|')})/`;

const mayImport = (name, allowed, comment) => ({
  name: `${name}-imports`,
  comment,
  severity: 'error',
  from: { path: room(name) },
  to: { path: room(...rooms.filter((other) => other !== name && !allowed.includes(other))) },
});

module.exports = {
  forbidden: [
    mayImport('schemas', [], 'schemas/ says what is said; it knows nothing of ours.'),
    mayImport('infra', ['schemas'], 'infra/ knows nothing of chat.'),
    mayImport('projections', ['infra', 'schemas'], 'A projection folds events; it knows neither services nor scripts.'),
    mayImport('services', ['infra', 'schemas', 'projections'], 'What a person runs is not for services.'),
    {
      name: 'one-service-not-another',
      comment: 'Nothing calls another service in order to decide: a service learns by folding events.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'one-projection-not-another',
      comment:
        'A projection that needs what another one remembers folds the same events, by parts of projections/shared.',
      severity: 'error',
      from: { path: '^projections/([^/]+)/' },
      to: { path: '^projections/', pathNot: '^projections/($1|shared)/' },
    },
    {
      name: 'kafkajs-in-one-place',
      comment:
        'The client can be replaced, and what is known of its traps stays together. infra/local and benchmarks set up and measure.',
      severity: 'error',
      from: { pathNot: ['^infra/(event-log|local)/', '^scripts/src/bench/'] },
      to: { path: '/node_modules/kafkajs/' },
    },
    {
      name: 'minio-in-one-place',
      comment: 'As kafkajs: what is known of its traps stays together. infra/local makes buckets.',
      severity: 'error',
      from: { pathNot: '^infra/(object-store|local)/' },
      to: { path: '/node_modules/minio/' },
    },
    {
      name: 'no-cycles',
      comment: 'What needs each other belongs together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that is not found escapes every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // The TypeScript compiler has had no API for such tools since version 7.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
