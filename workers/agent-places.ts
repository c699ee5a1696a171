import type { AttemptRef } from '../activities/backends/backend.ts';
import type { AgentDependencies, Places } from '../activities/dependencies.ts';
import type { AttemptOutcome } from '../contracts/outcome.ts';
import { plan as planSchema } from '../contracts/plan.ts';
import { keyOf } from '../store/layout.ts';
import { readQueue } from '../store/queues.ts';
import { readRecord } from '../store/records.ts';
import { countOutcome, type BreakerOptions } from './breaker.ts';
import type { JobGate } from './gate.ts';
import { QueuePlaces } from './queue-places.ts';

type Needs = Pick<AgentDependencies, 'agent' | 'store' | 'ownWorkflow' | 'backends'> & BreakerOptions;

/** What holds of an agent's queues over all of their agents. */
export class AgentPlaces implements Places {
  readonly #needs: Needs;
  readonly #places = new Map<string, QueuePlaces>();
  readonly lanes: ReturnType<JobGate['lane']>[];
  /** How many failures in a row pause a queue. */
  readonly #breakers = new Map<string, number>();
  /** What lives of agents that are gone, by uid. */
  #elsewhere = new Set<string>();
  /** Of what lives here, by uid. */
  #queues = new Map<string, string | undefined>();

  constructor(needs: Needs, queues: readonly string[], gate: JobGate) {
    this.#needs = needs;
    this.lanes = queues.map((queue) => {
      const places = new QueuePlaces(needs, {
        queue,
        isLive: (uid) => gate.has(uid) || this.#elsewhere.has(uid),
        freed: () => {
          lane.freed();
        },
      });
      this.#places.set(queue, places);
      const lane = gate.lane(places);
      return lane;
    });
  }

  async enter(queue: string, ref: AttemptRef): Promise<void> {
    await this.#places.get(queue)?.enter(ref);
  }

  async leave(queue: string, ref: AttemptRef, outcome: AttemptOutcome): Promise<void> {
    const most = this.#breakers.get(queue);
    // First: the place that becomes free must not be one for the next failure.
    if (most !== undefined) await countOutcome(this.#needs, queue, ref, outcome, most);
    await this.#places.get(queue)?.leave(ref.uid);
  }

  /** Takes the limits as the queues' files have them now. */
  async readLimits(): Promise<void> {
    for (const [queue, places] of this.#places) {
      const { maxLive, breaker } = await readQueue(this.#needs.store, queue);
      places.setLimit(maxLive);
      if (breaker === undefined) this.#breakers.delete(queue);
      else this.#breakers.set(queue, breaker.failures);
    }
  }

  /** `live`: what lives here. */
  async tidy(live: readonly AttemptRef[]): Promise<void> {
    const queues = new Map<string, string | undefined>();
    for (const ref of live) queues.set(ref.uid, this.#queues.get(ref.uid) ?? (await this.#queueOf(ref)));
    this.#queues = queues;
    for (const [queue, places] of this.#places) await places.tidy(live.filter(({ uid }) => queues.get(uid) === queue));
  }

  /** What lives of agents that are gone, as this one saw it last. */
  seenElsewhere(live: readonly AttemptRef[]): void {
    this.#elsewhere = new Set(live.map(({ uid }) => uid));
  }

  async close(): Promise<void> {
    for (const places of this.#places.values()) await places.close();
  }

  async #queueOf({ run }: AttemptRef): Promise<string | undefined> {
    return (await readRecord(this.#needs.store, keyOf.plan(run), planSchema))?.queue;
  }
}
