import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withMountedRun } from '../../activities/images/mounted-run.ts';
import { plan } from '../../contracts/plan.ts';

let workplace: string;
beforeAll(async () => {
  workplace = await mkdtemp(join(tmpdir(), 'relaunch-mounted-run-'));
});
afterAll(() => rm(workplace, { recursive: true }));

const mountedPlan = plan.pick({ source: true, files: true, mounted: true, entrypoint: true });

function digestWith(files: object | undefined, code = '0'): Promise<string> {
  const read = mountedPlan.parse({
    ...{ source: { code: { digest: code.repeat(64) } }, entrypoint: ['train'] },
    ...{ mounted: { spec: { baseImage: 'base' }, by: {} }, files },
  });
  return withMountedRun(
    {
      plan: read as Parameters<typeof withMountedRun>[0]['plan'],
      workplace,
      unpackSource: (to) => writeFile(join(to, 'a.json'), '{}'),
    },
    ({ digest }) => Promise.resolve(digest),
  );
}

test('code that is kept for other attempts is another where another patch is in it', async () => {
  const plain = await digestWith(undefined);
  const patched = await digestWith({ 'a.json': { lr: 1 } });
  expect(await digestWith(undefined)).toBe(plain);
  expect(await digestWith({ 'a.json': { lr: 1 } })).toBe(patched);
  const all = [plain, patched, await digestWith({ 'a.json': { lr: 2 } }), await digestWith(undefined, '1')];
  expect(new Set(all).size).toBe(4);
});
