import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect, readSettings, result, status, submit } from '../../client/index.ts';
import { isRunning } from '../support/process-pids.ts';

let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'relaunch-dev-'));
  const keys = join(home, 'keys');
  await writeFile(keys, `k1:${randomBytes(32).toString('base64')}`);
  env = {
    ...{ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? home },
    ...{ RELAUNCH_HOME: home, RELAUNCH_CODEC_KEY_FILE: keys },
  };
});

afterAll(() => rm(home, { recursive: true, force: true }));

function start(path: string, ...args: string[]) {
  const script = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text, exited: once(child, 'close').then(([code]) => code as number | null) };
}

async function startDev() {
  const dev = start('../../scripts/relaunch.ts', 'dev');
  await vi.waitFor(() => {
    expect(dev.output()).toContain('Ctrl-C stops it');
  }, 60_000);
  return { ...dev, relaunch: await connect(readSettings(env)) };
}

test('Ctrl-C of dev preempts its runs and leaves nothing alive; the next dev goes on with them', async () => {
  const dir = fileURLToPath(new URL('../../examples/digits', import.meta.url));
  const first = await startDev();
  const { serverPid } = JSON.parse(await readFile(join(home, 'dev.json'), 'utf8')) as { serverPid: number };
  const run = await submit(first.relaunch, {
    queue: 'laptop',
    source: { code: { dir } },
    entrypoint: ['python3', 'train.py'],
    runConfig: { epochs: 8, epoch_sleep: 0.5 },
  });
  await vi.waitFor(async () => {
    expect((await status(first.relaunch, run.workflowId))?.state).toBe('running');
  }, 20_000);
  first.child.kill('SIGINT');
  expect(await first.exited).toBe(0);
  expect(first.output()).toContain('1 run preempted, back in the queue');
  expect(isRunning(serverPid)).toBe(false);
  await first.relaunch.close();

  const second = await startDev();
  expect(await result(second.relaunch, run.workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 1,
    attempts: [{ outcome: { kind: 'preempted', reason: 'requested' } }, { outcome: { kind: 'succeeded' } }],
    summary: { epoch: { last: 7, min: 0 } },
  });
  await second.relaunch.close();
  second.child.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

test('the quickstart of sweeps ends well, and shows the best', { timeout: 180_000 }, async () => {
  const quickstart = start('../../scripts/quickstart.ts', '--sweep');
  expect(await quickstart.exited, quickstart.output()).toBe(0);
  expect(quickstart.output()).toContain('succeeded: 12 of 12 done');
  expect(quickstart.output()).toMatch(/accuracy +0\.9\d+ +with batch_size \d+, hidden \d+, lr 0\.\d+/);
});

test('the quickstart ends well, and says what it saw', { timeout: 180_000 }, async () => {
  const quickstart = start('../../scripts/quickstart.ts');
  expect(await quickstart.exited, quickstart.output()).toBe(0);
  expect(quickstart.output()).toMatch(/accuracy +0\.9[5-9]/);
  expect(quickstart.output()).toContain('digit for digit that of the uninterrupted run');
});
