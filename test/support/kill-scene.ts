import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KillPoint } from '../../activities/dependencies.ts';
import { cancel, result, type RunEnd } from '../../client/index.ts';
import type { Cluster, Started } from './cluster.ts';
import { leavingsOf } from './leavings.ts';
import { untilFollowed } from './run-watch.ts';
import { until, untilNone } from './until.ts';

/** Long enough for a worker to be killed in its middle. */
export const tenLines = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; sleep 0.2; done';
export const thoseTenLines = Array.from({ length: 10 }, (_, i) => `line ${String(i + 1)}`);

/** Its first attempt runs until it is told to stop, the next one is soon over. */
export const untilTold = `trap 'echo stopped; exit 143' TERM; echo begun
[ $RELAUNCH_ATTEMPT -gt 1 ] || while :; do sleep 0.1; done; echo over`;

/** One worker's death at one point. Queue, agent and files bear its name, so that many can happen at once on one cluster. */
export class KillScene {
  readonly cluster: Cluster;
  readonly point: KillPoint;
  readonly name: string;

  constructor(cluster: Cluster, point: KillPoint, name: string) {
    this.cluster = cluster;
    this.point = point;
    this.name = name;
  }

  /** An agent that dies at the point, or at another one. */
  doomedAgent(at = this.point): Promise<Started> {
    return this.cluster.hookedAgent(this.name, [this.name], { at, do: 'kill' });
  }

  /** Submits a script that leaves a mark each time it is started. Answers the workflow id. */
  async launch(script: string, timeouts: { start?: string } = {}): Promise<string> {
    const marked = `echo $RELAUNCH_ATTEMPT >> ${this.#starts}; ${script}`;
    return (await this.cluster.shell(this.name, marked, { timeouts })).workflowId;
  }

  /** A job that runs until it is told to stop, and is followed. */
  async running(): Promise<string> {
    const workflowId = await this.launch(untilTold);
    await untilFollowed(this.cluster, workflowId);
    await this.untilStarted();
    return workflowId;
  }

  cancel(workflowId: string): Promise<void> {
    return cancel(this.cluster.relaunch, workflowId, { by: 'ada' });
  }

  /** The attempt of each start of a job. */
  async starts(): Promise<number[]> {
    const marks = await readFile(this.#starts, 'utf8').catch(() => '');
    return marks.split('\n').flatMap((mark) => (mark === '' ? [] : [Number(mark)]));
  }

  async untilStarted(): Promise<void> {
    await until(`a job of ${this.name} starts`, async () => (await this.starts()).length > 0);
  }

  /** Waits for the death, and proves that it was at that point. */
  async died(doomed: Started, at = this.point): Promise<void> {
    expect(await doomed.exited).toBe('SIGKILL');
    expect(await this.cluster.reached(this.name, at)).toBe(1);
  }

  /** An ordinary agent of the name comes, the run ends, and nothing of it is left. */
  endsWithNewAgent(workflowId: string): Promise<RunEnd> {
    return this.withNewAgent(async () => {
      const end = await result(this.cluster.relaunch, workflowId);
      await this.untilNothingLeft(workflowId);
      return end;
    });
  }

  /** An ordinary agent of the name comes, does what is waited for, and can go. */
  async withNewAgent<T>(waiting: () => Promise<T>): Promise<T> {
    const next = await this.cluster.agent(this.name, [this.name], 1);
    const seen = await waiting();
    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(0);
    return seen;
  }

  /** The end of a run may be known a moment before its directory is gone. */
  async untilNothingLeft(workflowId: string): Promise<void> {
    await untilNone(`what is left of ${workflowId}`, () => leavingsOf(this.cluster.home, workflowId));
  }

  get #starts(): string {
    return join(this.cluster.home, `starts-${this.name}`);
  }
}
