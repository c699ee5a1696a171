import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { StoreRoot } from '../../store/store-root.ts';

const slow = vi.hoisted(() => ({ answers: [] as Promise<void>[] }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FileSystem>();
  const stat = async (path: string) => {
    const answer = slow.answers.shift();
    const found = await fs.stat(path).catch((error: unknown) => error);
    await answer;
    if (found instanceof Error) throw found;
    return found;
  };
  return { ...fs, stat };
});

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-store-root-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

test('a look from before the store was begun, answered after, does not take it for gone', async () => {
  const root = new StoreRoot(join(scratch, 'new'));
  const { promise, resolve } = Promise.withResolvers<undefined>();
  slow.answers.push(promise);
  const early = root.check(true);
  await root.prepare();
  expect(slow.answers).toEqual([]);
  resolve(undefined);
  await expect(early).resolves.toBeUndefined();
  await rm(root.path, { recursive: true });
  await expect(root.check(true)).rejects.toMatchObject({ type: 'StoreUnavailable' });
});
