import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { keyOf } from '../../store/layout.ts';
import { packDirectory, uploadArchive } from '../../store/archive.ts';
import type { Answer } from './attack-workflow.ts';
import { Attacker, type Attack } from './attacker.ts';
import { Cluster } from './cluster.ts';
import { pidsOf } from './process-pids.ts';

export const ofType = (type: string): unknown => expect.objectContaining({ type }) as unknown;
export const refused = ofType('AttemptRefused');

/** What an activity answered. @throws an Error where it failed */
export function value(answer: Answer): unknown {
  if ('value' in answer) return answer.value;
  throw new Error(`${answer.type}: ${answer.message}`);
}

/** Where submit says that the attempt is followed. */
export const followOf = (answer: Answer): string => (value(answer) as { follow: string }).follow;

/** The processes of an attempt. */
export const pids = (run: string, attempt = 1): number[] => pidsOf({ entity: 'default', run, attempt, uid: '' });

/** The tests of this file attack a cluster of their own, whose agents each have their host, with a worker of the attacker's. */
export class HandMade {
  readonly #queues: Record<string, Partial<QueueSpecInput>>;
  #cluster: Cluster | undefined;
  #attacker: Attacker | undefined;
  #digest = '';
  readonly #hosts = new Set<string>();

  constructor(
    queues: Record<string, Partial<QueueSpecInput>>,
    agents: readonly (readonly [string, string[], number])[],
  ) {
    this.#queues = queues;
    beforeAll(async () => {
      await this.#open();
      for (const [name, served, maxJobs] of agents) await this.cluster.agent(name, served, maxJobs, this.host(name));
    }, 180_000);
    afterAll(async () => {
      await this.#attacker?.stop();
      await this.#cluster?.stop();
    });
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('not open yet');
    return this.#cluster;
  }

  /** The host that an agent has for itself. */
  host(agent: string): string {
    this.#hosts.add(`host-${agent}`);
    return `host-${agent}`;
  }

  /** A file for what a job has to say. */
  note(name: string): string {
    return join(this.cluster.home, name);
  }

  read(name: string): Promise<string> {
    return readFile(this.note(name), 'utf8').catch(() => '');
  }

  /** A good spec, whose job is a shell script. */
  spec(script: string, more: object = {}): object {
    return { queue: 'gpu', source: { code: { digest: this.#digest } }, entrypoint: ['sh', '-c', script], ...more };
  }

  attack(workflowId: string): Promise<Attack> {
    if (this.#attacker === undefined) throw new Error('not open yet');
    return this.#attacker.attack(workflowId);
  }

  /** An attack whose workflow has a plan. */
  async resolved(workflowId: string, script: string, queue = 'gpu'): Promise<Attack> {
    const attack = await this.attack(workflowId);
    value(await attack.call('resolveLaunch', `queue/${queue}/resolve`, [this.spec(script, { queue })]));
    return attack;
  }

  /** What there is of attempts of a run, in the store and on every host. */
  async traces(run: string): Promise<string[]> {
    const records = await this.cluster.relaunch.store.list(keyOf.attempts(run));
    const directories = [...this.#hosts].map((host) =>
      readdir(this.note(`${host}/process/default/${run}`)).catch(() => []),
    );
    return [...records, ...(await Promise.all(directories)).flat().filter((name) => name !== 'checkpoint')];
  }

  async #open(): Promise<void> {
    this.#cluster = await Cluster.start(this.#queues);
    const { relaunch, home } = this.#cluster;
    const packed = await packDirectory(join(home, 'code'));
    this.#digest = packed.digest;
    await uploadArchive(relaunch.store, packed);
    this.#attacker = await Attacker.start(relaunch.temporal, relaunch.settings);
  }
}
