import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit, WorkerTuner } from '@temporalio/worker';
import type { AttemptRef } from '../activities/backends/backend.ts';
import type { Permits } from '../activities/dependencies.ts';

/** The places of one queue, over all agents. */
export interface LanePlaces {
  /** Before a poll. Answers whether there is one for what it may bring. */
  take(): Promise<boolean>;
  /** After it, or after the activity that it brought. */
  give(): void;
}

/** What one queue of the agent waits for and holds. */
interface Lane {
  places: LanePlaces | undefined;
  /** Until then all places are taken. */
  fullUntil: number;
  waiting: (() => void)[];
  /** Permits under a poll that has brought nothing yet. */
  idle: number;
  /** Permits under a `submitAttempt`. */
  used: number;
  /** Whether the last poll brought a task. */
  hot: boolean;
  lastGrant: number;
}

/** Cold queues are asked this often while hot ones have work. */
const probeMs = 3_000;

/** How often a full queue is looked at. */
const fullMs = 1_000;

/**
 * One gate for all queues of an agent process: a poll is made only while live attempts and permits together are fewer than `maxJobs`.
 * The SDK takes one permit more than it has pollers, so each queue is held to `pollers` idle ones. Measured: reference/temporal.md 1.14, 1.16.
 */
export class JobGate implements Permits {
  readonly #live = new Set<string>();
  /** Those of them that a submit is still putting into the backend. */
  readonly #submitting = new Set<string>();
  /** What has ended, for each recount under way. */
  readonly #endedMeanwhile = new Set<Set<string>>();
  readonly #lanes = new Set<Lane>();
  readonly #pollers: number;
  #later: NodeJS.Timeout | undefined;
  #max: number;

  /** `pollers`: the most idle permits of one queue; what its worker polls with. */
  constructor(max: number, pollers: number) {
    this.#max = max;
    this.#pollers = pollers;
  }

  get live(): number {
    return this.#live.size;
  }

  /** Permits under polls, which may still bring something. */
  get idle(): number {
    return [...this.#lanes].reduce((sum, { idle }) => sum + idle, 0);
  }

  has(uid: string): boolean {
    return this.#live.has(uid);
  }

  /** Lowering it takes effect as permits come back. */
  setMax(max: number): void {
    this.#max = max;
    this.#pump();
  }

  started({ uid }: AttemptRef): void {
    this.#live.add(uid);
    this.#submitting.add(uid);
  }

  submitted({ uid }: AttemptRef): void {
    this.#submitting.delete(uid);
  }

  ended({ uid }: AttemptRef): void {
    this.#submitting.delete(uid);
    for (const ended of this.#endedMeanwhile) ended.add(uid);
    if (this.#live.delete(uid)) this.#pump();
  }

  /**
   * Corrects the live set to what the backends say. Their list is no news of an attempt that was on its way into the backend when it was
   * asked for, nor of one that has ended since.
   */
  async recount(list: () => Promise<readonly AttemptRef[]>): Promise<void> {
    const judged = [...this.#live].filter((uid) => !this.#submitting.has(uid));
    const ended = new Set<string>();
    this.#endedMeanwhile.add(ended);
    try {
      const listed = new Set((await list()).map(({ uid }) => uid));
      for (const uid of judged) if (!listed.has(uid)) this.#live.delete(uid);
      for (const uid of listed) if (!ended.has(uid)) this.#live.add(uid);
    } finally {
      this.#endedMeanwhile.delete(ended);
    }
    this.#pump();
  }

  /**
   * The slot supplier of one queue's worker; how to give back what it holds once that worker has stopped or failed; and how to tell that
   * some of its places may be free again.
   */
  lane(places?: LanePlaces): { supplier: CustomSlotSupplier<ActivitySlotInfo>; drop(): void; freed(): void } {
    const lane: Lane = { places, fullUntil: 0, waiting: [], idle: 0, used: 0, hot: true, lastGrant: 0 };
    this.#lanes.add(lane);
    const supplier: CustomSlotSupplier<ActivitySlotInfo> = {
      type: 'custom',
      reserveSlot: (_context, signal) => this.#reserve(lane, signal),
      tryReserveSlot: () => null,
      markSlotUsed: ({ permit }) => {
        used.add(permit);
        lane.idle--;
        lane.used++;
        lane.hot = true;
        this.#pump();
      },
      releaseSlot: ({ permit }) => {
        places?.give();
        if (used.delete(permit)) lane.used--;
        else {
          lane.idle--;
          lane.hot = false;
        }
        this.#pump();
      },
    };
    const used = new WeakSet<SlotPermit>();
    return {
      supplier,
      drop: () => {
        this.#lanes.delete(lane);
        this.#pump();
      },
      freed: () => {
        lane.fullUntil = 0;
        this.#pump();
      },
    };
  }

  async #reserve(lane: Lane, signal: AbortSignal): Promise<SlotPermit> {
    for (;;) {
      const permit = await this.#granted(lane, signal);
      if (lane.places === undefined) return permit;
      const taken = await lane.places.take();
      if (taken && !signal.aborted) return permit;
      lane.idle--;
      if (taken) lane.places.give();
      else lane.fullUntil = Date.now() + fullMs;
      this.#pump();
      signal.throwIfAborted();
    }
  }

  #granted(lane: Lane, signal: AbortSignal): Promise<SlotPermit> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        lane.waiting = lane.waiting.filter((waiting) => waiting !== grant);
        reject(signal.reason as Error);
      };
      const grant = (): void => {
        signal.removeEventListener('abort', abort);
        resolve({});
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort);
      lane.waiting.push(grant);
      this.#pump();
    });
  }

  #pumpLater(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#pump();
    }, fullMs).unref();
  }

  #pump(): void {
    for (;;) {
      const held = [...this.#lanes].reduce((sum, { idle, used }) => sum + idle + used, 0);
      if (this.#live.size + held >= this.#max) return;
      const now = Date.now();
      const asking = [...this.#lanes].filter(({ waiting, idle }) => waiting.length > 0 && idle < this.#pollers);
      const ready = asking.filter(({ fullUntil }) => fullUntil <= now);
      if (ready.length < asking.length) this.#pumpLater();
      const due = ready.filter(({ hot, lastGrant }) => hot || now - lastGrant >= probeMs);
      // With nothing hot and nothing due, a free permit has nothing better to do than to ask the queue that waits longest.
      const [lane] = (due.length > 0 ? due : ready).sort((a, b) => a.lastGrant - b.lastGrant);
      const grant = lane?.waiting.shift();
      if (lane === undefined || grant === undefined) return;
      lane.idle++;
      lane.lastGrant = now;
      grant();
    }
  }
}

/** Has a worker that runs activities only take its places of a lane. */
export function tunerOf(activityTaskSlotSupplier: CustomSlotSupplier<ActivitySlotInfo>): WorkerTuner {
  const unused = { type: 'fixed-size', numSlots: 1 } as const;
  return {
    workflowTaskSlotSupplier: unused,
    activityTaskSlotSupplier,
    localActivityTaskSlotSupplier: unused,
    nexusTaskSlotSupplier: unused,
  };
}
