import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimStore } from '../../store/entity-record.ts';
import { failsAs } from '../support/fails-as.ts';
import { logScratch } from '../support/log-scratch.ts';

let scratch: Awaited<ReturnType<typeof logScratch>>;
beforeAll(async () => {
  scratch = await logScratch();
});
afterAll(() => scratch.remove());

test('a store belongs to the namespace that came first; on another server all its runs would look deleted', async () => {
  const store = await scratch.newStore();
  await claimStore(store, { namespace: 'default', namespaceId: 'one' });
  await claimStore(store, { namespace: 'default', namespaceId: 'one' });
  const stranger = claimStore(store, { namespace: 'default', namespaceId: 'two' });
  await expect(stranger).rejects.toEqual(failsAs('AttemptRefused'));
  await expect(stranger).rejects.toThrow(
    /"default" \(id one\) of another Temporal server.*\(id two\).*remove entity\.json/,
  );
});

test.each(['putIfAbsent', 'replaceIfMatch'] as const)(
  'a store in which %s writes whatever is there is refused',
  async (which) => {
    const store = await scratch.newStore();
    const careless = {
      ...store,
      [which]: async (key: string, bytes: Uint8Array): Promise<boolean> => {
        await store.put(key, bytes);
        return true;
      },
    };
    const ours = { namespace: 'default', namespaceId: 'one' };
    await claimStore(store, ours);
    await expect(claimStore(careless, ours)).rejects.toEqual(
      failsAs('AttemptRefused', which === 'putIfAbsent' ? /whatever If-None-Match says/ : /whatever If-Match says/),
    );
    await claimStore(store, ours);
  },
);
