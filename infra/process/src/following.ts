import { type AnyDecider, newId, type ProcessManager, postgresStateStore, startProcessManager } from '@palaver/decider';
import type { Membership } from '@palaver/event-log';
import type { ServiceParts } from './service.ts';

/** What follows from a service's own events. The manager's name: of the group, with the service's before it, and of the schema that its position lies in. */
export type Following<Task> = {
  readonly decider: AnyDecider;
  // biome-ignore lint/suspicious/noExplicitAny: events and commands of any service; they are checked where the manager is defined
  readonly manager: ProcessManager<any, any, Task>;
  readonly act?: (task: Task) => Promise<void>;
};

/** Starts a process manager on a service's own events, which stops with the process. */
export const startFollowing = async <Task>(
  { scope, log, codecs, pool }: Pick<ServiceParts<never>, 'scope' | 'log' | 'codecs' | 'pool'>,
  following: Following<Task>,
): Promise<Membership> => {
  const { manager, decider } = following;
  const { name } = manager;
  const checkpoints = postgresStateStore(pool, { schema: name.replaceAll('-', '_') });
  await scope.waitFor('database', () => checkpoints.migrate());
  const membership = await startProcessManager({
    ...following,
    log,
    groupId: `${decider.name}-${name}`,
    topic: `${decider.name}.events`,
    events: codecs.events,
    commands: codecs.commands,
    checkpoints,
    newEpoch: newId,
    logger: scope.logger,
    onCrash: scope.crash,
  });
  scope.onStop(`process manager ${name}`, () => membership.close());
  return membership;
};
