import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Lease } from '../../contracts/records.ts';
import { dropAgentLease, isAgentAlive, renewAgentLease, takeAgentLease } from '../../store/agent-lease.ts';
import { keyOf } from '../../store/layout.ts';
import { pidSpace } from '../../store/pid-space.ts';
import { readRecord, writeRecord } from '../../store/records.ts';
import { lease as leaseSchema } from '../../contracts/records.ts';
import type { Store } from '../../store/store.ts';
import { failsAs } from '../support/fails-as.ts';
import { logScratch } from '../support/log-scratch.ts';

const name = 'laptop';
const now = (ageMs = 0): string => new Date(Date.now() - ageMs).toISOString();

let scratch: Awaited<ReturnType<typeof logScratch>>;
let store: Store;
beforeAll(async () => {
  scratch = await logScratch();
});
beforeEach(async () => {
  store = await scratch.newStore();
});
afterAll(() => scratch.remove());

const held = (): Promise<Lease | undefined> => readRecord(store, keyOf.agentLease(name), leaseSchema);
const heldBy = (lease: Partial<Lease>): Promise<void> =>
  writeRecord(store, keyOf.agentLease(name), {
    ...{ hostId: os.hostname(), pid: process.pid, pidSpace: pidSpace(), nonce: 'another', renewedAt: now() },
    ...lease,
  });

async function livingPid(): Promise<number> {
  const child = spawn('sleep', ['300']);
  await once(child, 'spawn');
  onTestFinished(() => void child.kill());
  return child.pid ?? 0;
}

async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

const pid = (): Partial<Lease> => ({ hostId: os.hostname(), pid: process.pid });

describe('an agent name', () => {
  test('that nobody has is taken, kept, and given back', async () => {
    expect(await isAgentAlive(store, name)).toBe(false);
    await takeAgentLease(store, name);
    expect(await held()).toMatchObject(pid());
    expect(await isAgentAlive(store, name)).toBe(true);
    expect(await renewAgentLease(store, name)).toBe(true);
    await takeAgentLease(store, name);
    await dropAgentLease(store, name);
    expect(await held()).toBeUndefined();
    expect(await renewAgentLease(store, name)).toBe(false);
  });

  test('that a living process of this host has is refused, however long it did not renew', async () => {
    await heldBy({ pid: await livingPid(), renewedAt: now(3_600_000) });
    await expect(takeAgentLease(store, name)).rejects.toEqual(failsAs('AttemptRefused'));
    await expect(takeAgentLease(store, name)).rejects.toThrow(/"laptop" runs already \(pid \d+ on .*choose another/);
    expect(await isAgentAlive(store, name)).toBe(true);
    expect(await renewAgentLease(store, name)).toBe(false);
  });

  test('that a dead process of this host has is taken at once', async () => {
    await heldBy({ pid: await deadPid() });
    expect(await isAgentAlive(store, name)).toBe(false);
    await takeAgentLease(store, name);
    expect(await held()).toMatchObject(pid());
  });

  test.each([
    [0, true],
    [50_000, true],
    [61_000, false],
    [3_600_000, false],
  ])('that another host renewed %i ms ago is alive: %s', async (ageMs, alive) => {
    await heldBy({ hostId: 'elsewhere', renewedAt: now(ageMs) });
    expect(await isAgentAlive(store, name)).toBe(alive);
    if (alive) await expect(takeAgentLease(store, name)).rejects.toEqual(failsAs('AttemptRefused'));
    else await takeAgentLease(store, name);
    expect(await held()).toMatchObject(alive ? { hostId: 'elsewhere' } : pid());
  });

  test('that was taken over is not renewed by the one that had it', async () => {
    await takeAgentLease(store, name);
    await heldBy({ hostId: 'elsewhere' });
    expect(await renewAgentLease(store, name)).toBe(false);
    await dropAgentLease(store, name);
    expect(await held()).toMatchObject({ hostId: 'elsewhere' });
  });

  test('is taken at once from an earlier process of one’s own pid', async () => {
    await heldBy({});
    expect(await isAgentAlive(store, name)).toBe(false);
    expect(await renewAgentLease(store, name)).toBe(false);
    await takeAgentLease(store, name);
    expect(await renewAgentLease(store, name)).toBe(true);
  });

  test.each([
    ['another pod or container of this host’s name', { pidSpace: 'other', pid: process.pid }],
    ['an older version on this host', { pidSpace: undefined, nonce: undefined }],
  ])('that %s has lately renewed is waited for', async (_, holder) => {
    await heldBy({ ...holder, renewedAt: now(59_000) });
    expect(await isAgentAlive(store, name)).toBe(true);
    const waits = vi.fn();
    await takeAgentLease(store, name, { waits });
    expect(waits).toHaveBeenCalledOnce();
    expect(await renewAgentLease(store, name)).toBe(true);
  });

  test('is not waited for any longer than somebody wants it', async () => {
    await heldBy({ pidSpace: 'other' });
    const [off, reason] = [new AbortController(), new Error('stopping')];
    const waits = (): void => {
      off.abort(reason);
    };
    await expect(takeAgentLease(store, name, { waits, signal: off.signal })).rejects.toBe(reason);
    expect(await held()).toMatchObject({ nonce: 'another' });
  });
});

test.skipIf(process.platform !== 'linux')(
  'of two containers of one host name and one pid, one has the name of the agent; the next has it when that is dead',
  async () => {
    const first = container();
    expect(await first.line()).toBe('has it as 1');
    const second = container();
    expect(await second.line()).toBe('waits');
    expect(await second.line()).toContain(`an agent named "${name}" runs already (pid 1 on `);
    first.child.kill('SIGKILL');
    await once(first.child, 'close');
    const left = await held();
    expect(left).toMatchObject({ hostId: os.hostname(), pid: 1 });
    await writeRecord(store, keyOf.agentLease(name), { ...left, renewedAt: now(58_000) });
    const successor = container();
    await vi.waitUntil(async () => (await successor.line()) === 'has it as 1', { timeout: 15_000 });
  },
);

/** An agent that is process 1 of its own, under this host's name. */
function container() {
  const holder = fileURLToPath(new URL('../support/lease-holder.ts', import.meta.url));
  const wrapped = ['-r', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, holder, store.url, name];
  const child = spawn('unshare', wrapped, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, line: async (): Promise<string> => String((await lines.next()).value) };
}
