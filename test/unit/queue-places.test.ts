import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attemptEnd } from '../../contracts/activities.ts';
import { keyOf } from '../../store/layout.ts';
import { openStore } from '../../store/open-store.ts';
import { writeOnce } from '../../store/records.ts';
import { SlotTable } from '../../store/slot-table.ts';
import type { Store } from '../../store/store.ts';
import { QueuePlaces } from '../../workers/queue-places.ts';
import { ref } from '../support/gate-polls.ts';

const queue = 'gpu';

let scratch: string;
let store: Store;
let nowMs: number;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'relaunch-places-'));
  store = openStore(pathToFileURL(scratch).href);
  nowMs = 0;
});

afterEach(() => rm(scratch, { recursive: true }));

class Agent {
  readonly live = new Set<string>();
  freed = 0;
  readonly places: QueuePlaces;

  constructor(agent: string, limit?: number) {
    const ownWorkflow = {
      find: () => Promise.resolve(undefined),
      observed: () => Promise.resolve(),
      preempt: () => Promise.resolve(),
    };
    this.places = new QueuePlaces(
      { agent, store, ownWorkflow, backends: [] },
      { queue, isLive: (uid) => this.live.has(uid), freed: () => this.freed++, now: () => nowMs },
    );
    this.places.setLimit(limit);
  }

  /** A poll that brings an attempt. */
  async starts(uid: string): Promise<boolean> {
    if (!(await this.places.take())) return false;
    await this.places.enter(ref(uid));
    this.live.add(uid);
    this.places.give();
    return true;
  }

  tidy(): Promise<void> {
    return this.places.tidy([...this.live].map(ref));
  }
}

const table = async (): Promise<string[]> =>
  (await new SlotTable(store, queue).read()).map(({ agent, attempt }) => `${agent} ${attempt?.uid ?? '-'}`);

describe('the places of a queue', () => {
  test('are never more than its limit, over all agents, however many ask at once', async () => {
    const agents = Array.from({ length: 4 }, (_, i) => new Agent(`agent-${String(i)}`, 5));
    const started = await Promise.all(
      agents.flatMap((agent, i) => [0, 1, 2].map((n) => agent.starts(`${String(i)}-${String(n)}`))),
    );
    expect(started.filter(Boolean)).toHaveLength(5);
    expect(await table()).toHaveLength(5);
  });

  test('are kept for the attempts that polls bring: nobody is started for whom there is none', async () => {
    const [one, other] = [new Agent('one', 1), new Agent('other', 1)];
    expect(await one.places.take()).toBe(true);
    expect(await other.places.take()).toBe(false);
    await expect(other.places.enter(ref('late'))).rejects.toThrow('all 1 places of queue "gpu" are taken');
    await one.places.enter(ref('a'));
    expect(await table()).toEqual(['one a']);
  });

  test('are free again when an end is recorded, and its agent is told at once', async () => {
    const one = new Agent('one', 1);
    await one.starts('a');
    expect(await one.starts('b')).toBe(false);
    await one.places.leave('a');
    expect(one.freed).toBe(1);
    expect(await one.starts('b')).toBe(true);
  });

  test('an attempt that is submitted again, by whomever, has its place already', async () => {
    const [one, other] = [new Agent('one', 2), new Agent('other', 2)];
    await one.starts('a');
    await other.starts('a');
    expect(await table()).toEqual(['one a', 'other -']);
  });

  test('what no attempt needs is given back after a while, and all at the end', async () => {
    const one = new Agent('one', 3);
    await one.places.take();
    await one.places.take();
    one.places.give();
    await one.tidy();
    expect(await table()).toHaveLength(2);
    await one.tidy();
    expect(await table()).toHaveLength(1);
    await one.places.close();
    expect(await table()).toEqual([]);
  });

  test('of an agent that is gone are anybody’s when they were not renewed for 15 s', async () => {
    const [gone, other] = [new Agent('gone', 1), new Agent('other', 1)];
    await gone.places.take();
    await other.tidy();
    nowMs += 10_000;
    await gone.tidy();
    await other.tidy();
    nowMs += 14_000;
    await other.tidy();
    expect(await other.starts('a')).toBe(false);
    nowMs += 1_000;
    await other.tidy();
    expect(await other.starts('a')).toBe(true);
    // It was only slow: what it thought it had is not its any more.
    await expect(gone.places.enter(ref('b'))).rejects.toThrow('are taken');
  });

  test('that an agent of this name had before are given back at once', async () => {
    await new Agent('one', 1).places.take();
    const again = new Agent('one', 1);
    await again.tidy();
    expect(await again.starts('a')).toBe(true);
  });

  test('of attempts whose end is recorded, or that nobody wants any more, do not stay taken', async () => {
    const [dead, other] = [new Agent('dead', 2), new Agent('other', 2)];
    await dead.starts('recorded');
    await dead.starts('unknown');
    const end = { outcome: { kind: 'cancelled' as const, at: '2026-01-01T00:00:00Z' }, summary: {} };
    await writeOnce(store, keyOf.end('recorded', 1), end, attemptEnd);
    await other.tidy();
    expect(await table()).toEqual([]);
  });

  test('a limit that is put on a queue counts what lives there already, and a lower one ends nothing', async () => {
    const one = new Agent('one');
    for (const uid of ['a', 'b', 'c']) expect(await one.starts(uid)).toBe(true);
    expect(await table()).toEqual([]);
    one.places.setLimit(2);
    await one.tidy();
    expect(await table()).toEqual(['one a', 'one b', 'one c']);
    expect(await one.starts('d')).toBe(false);
    await one.places.leave('a');
    await one.places.leave('b');
    expect(await one.starts('d')).toBe(true);
    one.places.setLimit(3);
    expect(await one.starts('e')).toBe(true);
  });
});
