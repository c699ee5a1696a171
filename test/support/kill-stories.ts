import { expect } from 'vitest';
import { pauseQueue, preempt, result } from '../../client/index.ts';
import { Cluster } from './cluster.ts';
import { KillScene, tenLines, thoseTenLines, untilTold } from './kill-scene.ts';
import { linesOf, untilQueued } from './run-watch.ts';
import { until } from './until.ts';

/** What happens to a run while a worker dies at a point, and what must become of it. */
export interface Story {
  title: string;
  play(scene: KillScene): Promise<void>;
}

const byAda = {
  state: 'cancelled',
  requeues: 0,
  attempts: [{ attempt: 1, outcome: { kind: 'cancelled', by: 'ada' } }],
};

export const launched: Story = {
  title: 'a run succeeds in one attempt, with one process and complete logs',
  play: async (scene) => {
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.launch(tenLines);
    await scene.died(doomed);
    const end = await scene.endsWithNewAgent(workflowId);
    expect(end).toMatchObject({ state: 'succeeded', requeues: 0, outcome: { kind: 'succeeded', exitCode: 0 } });
    expect(end.attempts).toHaveLength(1);
    expect(await scene.starts()).toEqual([1]);
    expect(await linesOf(scene.cluster, workflowId)).toEqual(thoseTenLines);
  },
};

export const cancelled: Story = {
  title: 'a cancelled run ends, and is not requeued',
  play: async (scene) => {
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.running();
    await scene.cancel(workflowId);
    await scene.died(doomed);
    expect(await scene.endsWithNewAgent(workflowId)).toMatchObject(byAda);
    expect(await scene.starts()).toEqual([1]);
    expect(await linesOf(scene.cluster, workflowId)).toEqual(['begun', 'stopped']);
  },
};

export const preempted: Story = {
  title: 'a preempted run is requeued once',
  play: async (scene) => {
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.running();
    await preempt(scene.cluster.relaunch, workflowId, { by: 'ada' });
    await scene.died(doomed);
    expect(await scene.endsWithNewAgent(workflowId)).toMatchObject({
      state: 'succeeded',
      requeues: 1,
      attempts: [
        { outcome: { kind: 'preempted', reason: 'requested', by: 'ada' } },
        { outcome: { kind: 'succeeded' } },
      ],
    });
    expect(await scene.starts()).toEqual([1, 2]);
    expect(await linesOf(scene.cluster, workflowId)).toEqual(['begun', 'stopped', 'begun', 'over']);
  },
};

export const cancelledInQueue: Story = {
  title: 'a run that is cancelled in its queue ends, and never starts',
  play: async (scene) => {
    await pauseQueue(scene.cluster.relaunch, scene.name, { by: 'ada', reason: 'nobody is to take it' });
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.launch(untilTold);
    await untilQueued(scene.cluster, workflowId);
    await scene.cancel(workflowId);
    await scene.died(doomed);
    expect(await scene.endsWithNewAgent(workflowId)).toMatchObject(byAda);
    expect(await scene.starts()).toEqual([]);
  },
};

/** Its agent dies twice: with the claim, and when it is back to give the attempt up. */
export const cancelledOnceClaimed: Story = {
  title: 'a run that is cancelled between its claim and its start ends, and never starts',
  play: async (scene) => {
    const first = await scene.doomedAgent('submit:after-claim');
    // With a time-out the run knows at once that an agent has begun, so that it has patience for its return.
    const workflowId = await scene.launch(untilTold, { start: '1h' });
    await scene.died(first, 'submit:after-claim');
    await scene.cancel(workflowId);
    await untilPending(scene, workflowId, 'releaseAttempt');
    await scene.died(await scene.doomedAgent());
    expect(await scene.endsWithNewAgent(workflowId)).toMatchObject(byAda);
    expect(await scene.starts()).toEqual([]);
  },
};

/** Any control worker closes any run, so that this one needs a cluster of its own. */
export const closed: Story = {
  title: 'a run that was cancelled by signal closes as Canceled',
  play: async ({ point, name }) => {
    const cluster = await Cluster.start({ [name]: { gracePeriod: '2s' } }, { control: false });
    try {
      const scene = new KillScene(cluster, point, name);
      const doomed = await cluster.hookedControl(name, { at: point, do: 'kill' });
      await cluster.agent(name, [name], 1);
      const workflowId = await scene.running();
      await scene.cancel(workflowId);
      await scene.died(doomed);
      await cluster.control();
      expect(await result(cluster.relaunch, workflowId)).toMatchObject(byAda);
      const { status } = await cluster.relaunch.temporal.workflow.getHandle(workflowId).describe();
      expect(status.name).toBe('CANCELLED');
      expect(await scene.starts()).toEqual([1]);
      await scene.untilNothingLeft(workflowId);
    } finally {
      await cluster.stop();
    }
  },
};

async function untilPending({ cluster }: KillScene, workflowId: string, activity: string): Promise<void> {
  await until(`${workflowId} waits for ${activity}`, async () => {
    const { raw } = await cluster.relaunch.temporal.workflow.getHandle(workflowId).describe();
    return raw.pendingActivities?.some(({ activityType }) => activityType?.name === activity);
  });
}
