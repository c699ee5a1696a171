import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Started } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import type { Findings } from './findings.ts';
import { eyesIn } from './scenario.ts';

/** Something that is ended and started again. */
export interface Victim {
  name: string;
  up: boolean;
  /** Until it is up, as often as that takes: what it needs may be down as well. */
  start(): Promise<void>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
}

const startPatienceMs = 240_000;

/** A worker process, with its times. What it wrote is kept in a file of its name. */
export class WorkerVictim implements Victim {
  readonly name: string;
  /** When it was up, in ms since the epoch. */
  readonly times: { fromMs: number; toMs: number }[] = [];
  readonly #cluster: Cluster;
  readonly #findings: Findings;
  readonly #begin: () => Promise<Started>;
  #current: Started | undefined;

  constructor(cluster: Cluster, findings: Findings, name: string, begin: () => Promise<Started>) {
    this.#cluster = cluster;
    this.#findings = findings;
    this.name = name;
    this.#begin = begin;
  }

  get up(): boolean {
    return this.#current !== undefined;
  }

  get pid(): number {
    return this.#current?.child.pid ?? 0;
  }

  async start(): Promise<void> {
    const started = await until(`${this.name} is up`, this.#begin, startPatienceMs);
    const time = { fromMs: Date.now(), toMs: Infinity };
    this.times.push(time);
    this.#current = started;
    void started.exited.then((code) => {
      time.toMs = Date.now();
      const byItself = this.#current === started;
      if (byItself) this.#current = undefined;
      this.#findings.rule(
        !byItself,
        `${this.name} ended by itself with ${String(code)}: ${started.output().slice(-2_000)}`,
      );
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM. Answers how it ended, and after how long. */
  async stop(): Promise<{ code: number | string; tookMs: number }> {
    const beganMs = performance.now();
    const code = await this.#end('SIGTERM');
    return { code, tookMs: performance.now() - beganMs };
  }

  async #end(signal: NodeJS.Signals): Promise<number | string> {
    const ended = this.#current;
    if (ended === undefined) throw new Error(`${this.name} is not up`);
    this.#current = undefined;
    ended.child.kill(signal);
    const code = await ended.exited;
    await appendFile(join(eyesIn(this.#cluster), `${this.name}.log`), `${ended.output()}${signal}: ${String(code)}\n`);
    return code;
  }
}

/** Kills it, and starts it again after a pause. */
export async function again(victim: Victim, pauseMs: number): Promise<void> {
  await victim.kill();
  await sleep(pauseMs);
  await victim.start();
}

/** An agent on a host of its own, which has its name. */
export function agentVictim(
  cluster: Cluster,
  findings: Findings,
  name: string,
  queues: string[],
  maxJobs: number,
): WorkerVictim {
  return new WorkerVictim(cluster, findings, name, () => cluster.agent(name, queues, maxJobs, name));
}

export function controlVictim(cluster: Cluster, findings: Findings): WorkerVictim {
  return new WorkerVictim(cluster, findings, 'control', () => cluster.control());
}

/** The Temporal server, which starts again over its file. */
export function serverVictim(cluster: Cluster): Victim {
  const victim: Victim = {
    name: 'server',
    up: true,
    start: async () => {
      await cluster.startServer();
      victim.up = true;
    },
    kill: async () => {
      victim.up = false;
      await cluster.killServer();
    },
  };
  return victim;
}
