import { slotTable, type Slot } from '../contracts/slots.ts';
import { keyOf } from './layout.ts';
import { changeRecord, readRecord } from './records.ts';
import type { Store } from './store.ts';

const none = { slots: [] };

/** What a change makes of the places, and what it answers. The same array: nothing is written. */
export interface Changed<T> {
  slots: readonly Slot[];
  answer: T;
}

interface Pending {
  apply(slots: readonly Slot[]): readonly Slot[];
  done(): void;
  failed(error: unknown): void;
}

/**
 * The places of a queue with a limit, one object for all agents, changed by compare-and-swap: no two agents ever see the last one free.
 * What is asked for while a write is under way goes into the next one together.
 */
export class SlotTable {
  readonly #store: Store;
  readonly #key: string;
  #pending: Pending[] = [];
  #writing = false;

  constructor(store: Store, queue: string) {
    this.#store = store;
    this.#key = keyOf.slots(queue);
  }

  async read(): Promise<readonly Slot[]> {
    return ((await readRecord(this.#store, this.#key, slotTable)) ?? none).slots;
  }

  /** `change` may be called again, with what others made of the places meanwhile. @throws RelaunchError StoreUnavailable */
  change<T>(change: (slots: readonly Slot[]) => Changed<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let answer: T;
      this.#pending.push({
        apply: (slots) => {
          const changed = change(slots);
          answer = changed.answer;
          return changed.slots;
        },
        done: () => {
          resolve(answer);
        },
        failed: reject,
      });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#apply(batch);
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = false;
  }

  async #apply(batch: readonly Pending[]): Promise<void> {
    await changeRecord(this.#store, this.#key, slotTable, none, (held) => {
      const slots = batch.reduce((made, { apply }) => apply(made), held.slots);
      return slots === held.slots ? held : { slots };
    });
  }
}
