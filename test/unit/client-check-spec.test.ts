import { expect, test } from 'vitest';
import { checkBounds, checkSpec } from '../../client/check-spec.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';

const spec: LaunchSpecInput = { queue: 'q', source: { code: { dir: '.' } }, entrypoint: ['python'] };

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

test('every wrong field is named at once, with path, value and rule', () => {
  const message = messageOf(() =>
    checkSpec({ ...spec, queue: 'a/b', retries: -1, colour: 'red', timeouts: { run: '5 hours' } } as LaunchSpecInput),
  );
  expect(message.split('\n')[0]).toBe('the launch was refused, nothing was started:');
  expect(message).toContain('queue is "a/b": at most 63 characters');
  expect(message).toContain('retries is -1: 0 to 100');
  expect(message).toContain('colour is "red": not a known field');
  expect(message).toContain('timeouts.run is "5 hours": a length of time');
});

test('a source without a directory is refused', () => {
  expect(messageOf(() => checkSpec({ ...spec, source: { code: {} } }))).toContain(
    'source.code.dir is missing: a directory of code',
  );
});

test("the queue's bounds are checked before anything is uploaded", () => {
  const queue = queueSpec.parse({ backend: 'process', requeue: { max: 1 }, timeouts: { run: '1h' } });
  const asked = checkSpec({ ...spec, requeue: { max: 3 }, timeouts: { run: '2h' } });
  const message = messageOf(() => {
    checkBounds({ spec: asked, said: new Set() }, queue);
  });
  expect(message).toContain('requeue.max is 3: at most 1 on queue "q"');
  expect(message).toContain('timeouts.run is');
});
