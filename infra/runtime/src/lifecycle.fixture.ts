import { runProcess } from './lifecycle.ts';
import { createLogger } from './logger.ts';

/** A process for `lifecycle.test.ts`; its argument says how it behaves. */
const [behaviour = ''] = process.argv.slice(2);
const logger = createLogger({ name: 'fixture' });
const forever = () => new Promise<void>(() => {});

await runProcess({
  name: 'fixture',
  logger,
  stopTimeoutMs: behaviour === 'slow-stop' ? 100 : 5_000,
  start: async (scope) => {
    const alive = setInterval(() => {}, 1_000);
    scope.onStop('first', () => {
      clearInterval(alive);
      logger.info('first stopped');
    });
    scope.onStop('second', async () => {
      if (behaviour.endsWith('slow-stop')) await forever();
      if (behaviour === 'bad-stop') throw new Error('it jams');
      logger.info('second stopped');
    });
    if (behaviour === 'waits') await scope.waitFor('godot', () => Promise.reject(new Error('not yet')));
    if (behaviour === 'bad-start') throw new Error('it does not start');
    if (behaviour === 'rejection') setTimeout(() => void Promise.reject(new Error('nobody caught it')), 10);
    if (behaviour === 'exception') setTimeout(() => JSON.parse('{'), 10);
    if (behaviour === 'crash') setTimeout(() => scope.crash(new Error('the consumer crashed')), 10);
    return { url: 'http://here' };
  },
});
