import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { portOrFree } from '../../scripts/dev/ports.ts';
import { kill } from '../../scripts/testbed/part.ts';
import { readPlace } from '../../scripts/testbed/record.ts';
import { downS3 } from '../../scripts/testbed/s3/down.ts';
import { s3 } from '../../scripts/testbed/s3/place.ts';
import { upS3 } from '../../scripts/testbed/s3/up.ts';
import { openStore } from '../../store/open-store.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-testbed-s3-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

test('a testbed of S3 has a store, which outlives its server, until it is taken down', async () => {
  const stateDir = join(scratch, 'state');
  const say = (): void => undefined;
  const basePort = Math.ceil((await portOrFree(0)) / 100) * 100;
  const { env } = await upS3({ stateDir, basePort, say });
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const store = openStore(env.RELAUNCH_STORE);
  await store.put('a', Buffer.from('x'));
  const place = await readPlace(s3, stateDir);
  if (place !== undefined) await kill(place, 'gofakes3');
  await upS3({ stateDir, say });
  expect(await store.has('a')).toBe(true);
  expect(await downS3({ stateDir, say })).toBe(true);
  expect(await readdir(scratch)).toEqual([]);
  expect(await downS3({ stateDir, say })).toBe(false);
});
