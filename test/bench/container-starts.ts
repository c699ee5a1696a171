import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { until } from '../support/until.ts';

interface StartEvent {
  Actor: { Attributes: { name: string } };
  timeNano: number;
}

/** When containers started, by the engine's own events. */
export class ContainerStarts {
  readonly #events: Readable;
  readonly #startedAt = new Map<string, number>();

  /** Of those that start from now on. */
  static async open(docker: Docker): Promise<ContainerStarts> {
    const events = await docker.getEvents({ filters: { type: ['container'], event: ['start'] } });
    return new ContainerStarts(new Readable().wrap(events));
  }

  private constructor(events: Readable) {
    this.#events = events;
    createInterface({ input: events }).on('line', (line) => {
      const { Actor, timeNano } = JSON.parse(line) as StartEvent;
      this.#startedAt.set(Actor.Attributes.name, timeNano / 1e6);
    });
  }

  /** By the name of the container, in ms since 1970. */
  of(container: string): Promise<number> {
    return until(`container ${container} starts`, () => this.#startedAt.get(container));
  }

  close(): void {
    this.#events.destroy();
  }
}
