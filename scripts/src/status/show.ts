import { formatPosition, type PartitionLag, type ProjectionStatus, serviceOfTopic } from '@palaver/projector';
import { formatCount } from '../progress.ts';
import { table } from '../table.ts';
import { type ProjectionView, worstSeconds } from './look.ts';

const unknown = '–';

export const statusLines = (
  views: readonly ProjectionView[],
  { partitions }: { readonly partitions: boolean },
): readonly string[] => [
  ...table(
    ['projection', 'state', 'version', 'partitions', 'checkpoint', 'end', 'lag', 'seconds', 'rate/s', 'parked'],
    views.map(rowOf),
    formatCount,
  ),
  ...(partitions ? ['', ...partitionLines(views)] : []),
  ...views.flatMap(({ name, needs }) => needs.map((need) => `${name}: ${need}`)),
];

type Cells = readonly (string | number)[];

const rowOf = ({ name, found, state, ratePerSecond }: ProjectionView): Cells => {
  if (found === null) return [name, state, ...Array<string>(8).fill(unknown)];
  const { partitions, version, parked } = found;
  return [
    name,
    stateText(state, found),
    version.model === null || version.model === version.code
      ? `${version.code}`
      : `${version.model} of ${version.code}`,
    partitions.length,
    sum(partitions, 'checkpoint'),
    sum(partitions, 'end'),
    sum(partitions, 'lag'),
    worstSeconds(partitions),
    ratePerSecond ?? unknown,
    parked.events,
  ];
};

const stateText = (state: ProjectionView['state'], { next }: ProjectionStatus): string => {
  if (next === null) return state;
  const percent = `${next.total === 0 ? 100 : Math.min(100, Math.floor((next.events / next.total) * 100))} %`;
  return state === 'rebuilding' ? `rebuilding ${percent}` : `${state}, a rebuild stopped at ${percent}`;
};

const sum = (partitions: readonly PartitionLag[], what: 'checkpoint' | 'end' | 'lag'): number =>
  partitions.reduce((total, partition) => total + partition[what], 0);

const partitionLines = (views: readonly ProjectionView[]): readonly string[] =>
  table(
    ['projection', 'partition', 'checkpoint', 'end', 'lag', 'seconds'],
    views.flatMap(({ name, found }) =>
      (found?.partitions ?? []).map(({ topic, partition, checkpoint, end, lag, seconds }): Cells => {
        return [name, `${topic}:${partition}`, checkpoint, end, lag, seconds];
      }),
    ),
    formatCount,
  );

const positionOf = ({ topic, partition, checkpoint }: PartitionLag): string =>
  formatPosition({ service: serviceOfTopic(topic), partition, offset: checkpoint });

export const statusJson = (views: readonly ProjectionView[]): string =>
  JSON.stringify({
    at: new Date().toISOString(),
    projections: views.map(({ name, found, state, ratePerSecond, needs }) => ({
      projection: name,
      state,
      needs,
      ...(found && {
        version: found.version,
        checkpoint: sum(found.partitions, 'checkpoint'),
        end: sum(found.partitions, 'end'),
        lag: { events: sum(found.partitions, 'lag'), seconds: worstSeconds(found.partitions) },
        ratePerSecond,
        parked: found.parked,
        rebuild: found.next,
        positions: found.partitions.map(positionOf).join(','),
        partitions: found.partitions,
      }),
    })),
  });
