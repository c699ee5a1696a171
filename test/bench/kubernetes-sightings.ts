import { label } from '../../activities/backends/labels.ts';
import { isTerminal, type Job, type Metadata, type Pod } from '../../activities/backends/kubernetes/objects.ts';
import { Reflector } from '../../activities/backends/kubernetes/reflector.ts';
import { attemptName } from '../../contracts/names.ts';
import type { TestNamespace } from '../support/kubernetes-cluster.ts';
import { until } from '../support/until.ts';

/** When something first was so for each attempt, by its name, in ms since 1970. */
export class FirstTimes {
  readonly #what: string;
  readonly #times = new Map<string, number>();

  constructor(what: string) {
    this.#what = what;
  }

  get count(): number {
    return this.#times.size;
  }

  note(attempt: string): void {
    if (!this.#times.has(attempt)) this.#times.set(attempt, Date.now());
  }

  /** Waits for it. */
  of(run: string, attempt: number): Promise<number> {
    const name = attemptName(run, attempt);
    return until(`${this.#what} ${name}`, () => this.#times.get(name), 60_000);
  }
}

/** What a watch of our own saw happen to attempts, by the clock of this process: times of Kubernetes' objects are whole seconds. */
export class Sightings {
  readonly jobs = new FirstTimes('a Job of');
  readonly pods = new FirstTimes('a pod of');
  readonly running = new FirstTimes('a running pod of');
  readonly ended = new FirstTimes('an ended pod of');
  readonly #watches: readonly Pick<Reflector<Job>, 'synced' | 'stop'>[];

  /** @returns one that has seen all that is there */
  static async open(namespace: TestNamespace): Promise<Sightings> {
    const sightings = new Sightings(namespace);
    await Promise.all(sightings.#watches.map(({ synced }) => synced));
    return sightings;
  }

  private constructor({ admin: api, name }: TestNamespace) {
    const options = { api, labelSelector: label.run };
    this.#watches = [
      new Reflector<Job>({
        ...{ ...options, path: `/apis/batch/v1/namespaces/${name}/jobs` },
        changed: ({ metadata }) => {
          this.jobs.note(attemptOf(metadata));
        },
      }),
      new Reflector<Pod>({
        ...{ ...options, path: `/api/v1/namespaces/${name}/pods` },
        changed: (pod) => {
          const attempt = attemptOf(pod.metadata);
          this.pods.note(attempt);
          if (pod.status?.phase === 'Running') this.running.note(attempt);
          if (isTerminal(pod)) this.ended.note(attempt);
        },
      }),
    ];
  }

  close(): void {
    for (const watch of this.#watches) watch.stop();
  }
}

const attemptOf = ({ labels = {} }: Metadata): string =>
  attemptName(labels[label.run] ?? '', Number(labels[label.attempt]));
