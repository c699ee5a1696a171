import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Lease } from '../../contracts/records.ts';
import { dropAgentLease, isAgentAlive, renewAgentLease, takeAgentLease } from '../../store/agent-lease.ts';
import { keyOf } from '../../store/layout.ts';
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
  writeRecord(store, keyOf.agentLease(name), { hostId: os.hostname(), pid: process.pid, renewedAt: now(), ...lease });

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
    expect(await held()).toMatchObject({ hostId: 'elsewhere' });
  });
});
