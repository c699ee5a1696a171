import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { BuildLeases } from '../../activities/images/build-leases.ts';
import { openStore } from '../../store/open-store.ts';
import { pidSpace } from '../../store/pid-space.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-leases-'));
const store = openStore(pathToFileURL(scratch).href);
afterAll(() => rm(scratch, { recursive: true }));

test('a builder that starts removes the leases of dead ones, and nobody else’s or what is none', async () => {
  const lease = (pid: number, hostId: string): Uint8Array =>
    Buffer.from(JSON.stringify({ hostId, pid, pidSpace: pidSpace(), renewedAt: new Date().toISOString() }));
  const noProcess = 2 ** 22 + 1;
  await store.put('builds/dead.lease', lease(noProcess, hostname()));
  await store.put('builds/live.lease', lease(process.ppid, hostname()));
  await store.put('builds/elsewhere.lease', lease(noProcess, 'another-host'));
  await store.put('builds/broken.lease', Buffer.from('{'));
  await new BuildLeases(store).tidy();
  expect((await store.list('builds/')).sort()).toEqual([
    'builds/broken.lease',
    'builds/elsewhere.lease',
    'builds/live.lease',
  ]);
});
