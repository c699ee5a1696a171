import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { until } from './until.ts';

interface Written {
  Actor: { Attributes: Record<string, string> & { name: string } };
  timeNano: number;
}

interface ContainerEvent {
  name: string;
  labels: Readonly<Record<string, string>>;
  atMs: number;
}

/** What an engine does with containers, by its own events. */
export class ContainerEvents {
  /** From {@link open} on, in order. */
  readonly seen: ContainerEvent[] = [];
  readonly #events: Readable;

  static async open(docker: Docker, event: 'create' | 'start'): Promise<ContainerEvents> {
    const events = await docker.getEvents({ filters: { type: ['container'], event: [event] } });
    return new ContainerEvents(new Readable().wrap(events));
  }

  private constructor(events: Readable) {
    this.#events = events;
    createInterface({ input: events }).on('line', (line) => {
      const { Actor, timeNano } = JSON.parse(line) as Written;
      const { name, ...labels } = Actor.Attributes;
      this.seen.push({ name, labels, atMs: timeNano / 1e6 });
    });
  }

  /** When it came to a container, in ms since 1970. */
  of(container: string): Promise<number> {
    return until(`container ${container} is told about`, () => this.seen.find(({ name }) => name === container)?.atMs);
  }

  close(): void {
    this.#events.destroy();
  }
}
