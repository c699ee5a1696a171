import { randomUUID } from 'node:crypto';
import type { AttemptRef } from '../activities/backends/backend.ts';
import { placeState } from '../activities/place-state.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { defaultAgentTimeoutMs } from '../contracts/queue-spec.ts';
import type { Slot } from '../contracts/slots.ts';
import { isAgentAlive } from '../store/agent-lease.ts';
import { SlotTable, type Changed } from '../store/slot-table.ts';
import type { LanePlaces } from './gate.ts';

/** A place that is kept for nobody yet and was not renewed for this long, by this process' own clock, is anybody's. */
const staleMs = 15_000;

/** What was not seen in its backend for this long, though agents look there twice in it, was not started, or has ended. */
const unseenMs = 90_000;

export interface QueuePlacesOptions {
  queue: string;
  /** What lives, or is on its way into a backend, as far as this agent sees. */
  isLive(uid: string): boolean;
  /** Places may be free that were not. */
  freed(): void;
  now?: () => number;
}

type Needs = Parameters<typeof placeState>[0] & { agent: string };

/**
 * One queue's `maxLive`, over all agents: before a poll a place is taken from the queue's table, and the attempt that the poll brings gets
 * it, so that those for which there is none wait in Temporal's order. It is free again when the attempt's end is recorded.
 */
export class QueuePlaces implements LanePlaces {
  readonly #needs: Needs;
  readonly #options: QueuePlacesOptions;
  readonly #table: SlotTable;
  #limit: number | undefined;
  /** Places of ours that no attempt has yet. */
  #held: string[] = [];
  /** These, and those that are being taken or given to an attempt. */
  readonly #ours = new Set<string>();
  /** Permits that are out, and have no attempt in the table. */
  #out = 0;
  /** Permits whose attempt is in the table already. */
  #bound = 0;
  #spares = new Set<string>();
  /** Since when a place has been as it is, by its id. */
  #since = new Map<string, { as: string; at: number }>();

  constructor(needs: Needs, options: QueuePlacesOptions) {
    this.#needs = needs;
    this.#options = options;
    this.#table = new SlotTable(needs.store, options.queue);
  }

  /** Undefined: as many as there is room for. Holds at once: what lives beyond it goes on, and nothing follows. */
  setLimit(limit: number | undefined): void {
    const more = this.#limit !== undefined && (limit === undefined || limit > this.#limit);
    this.#limit = limit;
    if (more) this.#options.freed();
  }

  async take(): Promise<boolean> {
    this.#out++;
    const limit = this.#limit;
    if (limit === undefined || this.#held.length >= this.#out) return true;
    const place = this.#newPlace();
    this.#ours.add(place.id);
    try {
      const taken = await this.#table.change((slots) =>
        slots.length < limit ? { slots: [...slots, place], answer: true } : { slots, answer: false },
      );
      if (taken) {
        this.#held.push(place.id);
        return true;
      }
    } catch {
      // A table that cannot be read is a full one: the next poll tries again.
    }
    this.#ours.delete(place.id);
    this.#out--;
    return false;
  }

  give(): void {
    if (this.#bound > 0) this.#bound--;
    else this.#out--;
  }

  /** Gives an attempt one of the places that were taken before the poll. Again: it has it. @throws RelaunchError BackendUnavailable where there is none any more */
  async enter(ref: AttemptRef): Promise<void> {
    if (this.#limit !== undefined) await this.#enter(ref, this.#limit);
    this.#out--;
    this.#bound++;
  }

  /** Its end is recorded: nothing of it runs. */
  async leave(uid: string): Promise<void> {
    if (this.#limit === undefined) return;
    await this.#table.change((slots) => without(slots, (one) => one.attempt?.uid === uid));
    this.#options.freed();
  }

  /**
   * Makes the table what it should be: renews what is held, gives back what is not needed, adds those of `live` that lived before there was
   * a limit, and takes the places of those that are gone.
   */
  async tidy(live: readonly AttemptRef[]): Promise<void> {
    if (this.#limit === undefined && this.#held.length === 0) return;
    const held = [...this.#held];
    const before = await this.#table.read();
    const known = new Set(before.map(({ id }) => id));
    for (const id of held) if (!known.has(id)) this.#drop(id);
    const gone = await this.#gone(before);
    const spare = this.#spare();
    for (const id of spare) this.#drop(id);
    await this.#table.change((slots) => {
      const kept = slots
        .filter((one) => gone.get(one.id) !== stateOf(one) && !(spare.has(one.id) && one.attempt === undefined))
        .map((one) => (this.#held.includes(one.id) ? { ...one, renewal: one.renewal + 1 } : one));
      const there = new Set(kept.map((one) => one.attempt?.uid));
      const missing = live
        .filter(({ uid }) => !there.has(uid) && this.#options.isLive(uid))
        .map(({ run, attempt, uid }) => ({ ...this.#newPlace(), attempt: { run, attempt, uid } }));
      const made = [...kept, ...missing];
      return { slots: isSame(made, slots) ? slots : made, answer: undefined };
    });
    if (gone.size + spare.size > 0) this.#options.freed();
  }

  /** Gives back what no attempt has, at the agent's end. */
  async close(): Promise<void> {
    const held = new Set(this.#held);
    for (const id of held) this.#drop(id);
    if (held.size > 0)
      await this.#table.change((slots) => without(slots, (one) => held.has(one.id) && one.attempt === undefined));
  }

  async #enter({ run, attempt, uid }: AttemptRef, limit: number): Promise<void> {
    const place = { ...this.#newPlace(), attempt: { run, attempt, uid } };
    const id = this.#held.shift();
    let entered: 'entered' | 'had' | 'full' | undefined;
    try {
      entered = await this.#table.change<'entered' | 'had' | 'full'>((slots) => {
        if (slots.some((one) => one.attempt?.uid === uid)) return { slots, answer: 'had' };
        if (slots.filter((one) => one.attempt !== undefined).length >= limit) return { slots, answer: 'full' };
        const at = slots.findIndex((one) => one.id === id);
        if (at >= 0) return { slots: slots.with(at, place), answer: 'entered' };
        return slots.length < limit ? { slots: [...slots, place], answer: 'entered' } : { slots, answer: 'full' };
      });
    } finally {
      if (id !== undefined && entered === 'entered') this.#ours.delete(id);
      else if (id !== undefined) this.#held.unshift(id);
    }
    if (entered === 'full')
      throw new RelaunchError(
        'BackendUnavailable',
        `all ${String(limit)} places of queue "${this.#options.queue}" are taken`,
      );
  }

  /** Those that were not needed a tidying ago, and are not now. */
  #spare(): Set<string> {
    const needed = this.#limit === undefined ? 0 : Math.max(0, this.#out);
    const now = new Set(this.#held.slice(needed));
    const spare = new Set([...now].filter((id) => this.#spares.has(id)));
    this.#spares = now;
    return spare;
  }

  /** Which places' holders are gone, with what was known of them. */
  async #gone(slots: readonly Slot[]): Promise<Map<string, string>> {
    const since = new Map<string, { as: string; at: number }>();
    const gone = new Map<string, string>();
    const { now = Date.now } = this.#options;
    for (const one of slots) {
      const as = stateOf(one);
      const before = this.#since.get(one.id);
      const seen = before?.as === as ? before : { as, at: now() };
      const patienceMs = await this.#patienceMs(one);
      if (patienceMs === undefined) continue;
      since.set(one.id, seen);
      if (now() - seen.at >= patienceMs) gone.set(one.id, as);
    }
    this.#since = since;
    return gone;
  }

  /** For how long a place may be as it is; undefined: for ever. */
  async #patienceMs({ id, agent, attempt }: Slot): Promise<number | undefined> {
    const mine = agent === this.#needs.agent;
    // An agent's name is one process': what this one does not know is of one before it.
    if (attempt === undefined) return mine ? (this.#ours.has(id) ? undefined : 0) : staleMs;
    if (this.#options.isLive(attempt.uid)) return undefined;
    const { is, hostBound } = await placeState(this.#needs, attempt);
    if (is === 'over') return 0;
    if (is === 'wanted') return undefined;
    // What its agent started it finds again: a submit that waits for a place of its own would wait for ever.
    if (mine) return 0;
    if (is === 'queued' && (await isAgentAlive(this.#needs.store, agent))) return undefined;
    return hostBound ? defaultAgentTimeoutMs : unseenMs;
  }

  #drop(id: string): void {
    this.#ours.delete(id);
    this.#held = this.#held.filter((held) => held !== id);
  }

  #newPlace(): Slot {
    return { id: randomUUID(), agent: this.#needs.agent, renewal: 0 };
  }
}

const stateOf = ({ renewal, attempt }: Slot): string => `${String(renewal)} ${attempt?.uid ?? ''}`;

function without(slots: readonly Slot[], is: (one: Slot) => boolean): Changed<undefined> {
  return { slots: slots.some(is) ? slots.filter((one) => !is(one)) : slots, answer: undefined };
}

const isSame = (a: readonly Slot[], b: readonly Slot[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);
