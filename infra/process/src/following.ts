import {
  type AnyDecider,
  newId,
  type ProcessManagerOptions,
  postgresStateStore,
  startProcessManager,
} from '@palaver/decider';
import type { Codec, Membership, Message } from '@palaver/event-log';
import type { ServiceParts } from './service.ts';

/** What follows from a service's own events. `name`: of the group, with the service's before it, and of the schema that its position lies in. */
export type Following<E extends Message, C extends Message> = Pick<
  ProcessManagerOptions<E, C>,
  'name' | 'handle' | 'act'
> & { readonly decider: AnyDecider };

/** Starts a process manager on a service's own events, which stops with the process. */
export const startFollowing = async <E extends Message, C extends Message>(
  { scope, log, codecs, pool }: Pick<ServiceParts<never>, 'scope' | 'log' | 'codecs' | 'pool'>,
  following: Following<E, C>,
): Promise<Membership> => {
  const { name, decider } = following;
  const checkpoints = postgresStateStore(pool, { schema: name.replaceAll('-', '_') });
  await scope.waitFor('database', () => checkpoints.migrate());
  const manager = await startProcessManager({
    ...following,
    log,
    groupId: `${decider.name}-${name}`,
    topic: `${decider.name}.events`,
    events: codecs.events as Codec<E>,
    commands: codecs.commands as Codec<C>,
    checkpoints,
    newEpoch: newId,
    logger: scope.logger,
    onCrash: scope.crash,
  });
  scope.onStop(`process manager ${name}`, () => manager.close());
  return manager;
};
