import { expect } from 'vitest';
import { result } from '../../client/index.ts';
import { attemptEnd } from '../../contracts/activities.ts';
import { keyOf } from '../../store/layout.ts';
import { readRecord } from '../../store/records.ts';
import type { Story } from './kill-stories.ts';
import { leavingsOfDeleted } from './leavings.ts';
import { linesOf } from './run-watch.ts';
import { untilNone } from './until.ts';

/** Nobody asks for its attempt any more: the agent has to find out by itself. */
export const terminated: Story = {
  title: 'the attempt of a terminated run is stopped, recorded and removed',
  play: async (scene) => {
    const { cluster } = scene;
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.running();
    await cluster.relaunch.temporal.workflow.getHandle(workflowId).terminate();
    await scene.died(doomed);
    await scene.withNewAgent(() => scene.untilNothingLeft(workflowId));
    const end = await readRecord(cluster.relaunch.store, keyOf.end(workflowId, 1), attemptEnd);
    expect(end?.outcome.kind).toBe('cancelled');
    expect(await scene.starts()).toEqual([1]);
    expect(await linesOf(cluster, workflowId)).toEqual(['begun', 'stopped']);
  },
};

export const deleted: Story = {
  title: 'nothing is kept of a deleted run',
  play: async (scene) => {
    const { relaunch, home } = scene.cluster;
    const doomed = await scene.doomedAgent();
    const workflowId = await scene.launch('echo 1 > $RELAUNCH_CHECKPOINT_DIR/step');
    await result(relaunch, workflowId);
    expect(await leavingsOfDeleted(home, workflowId)).toEqual(['checkpoint']);
    const { entity: namespace } = relaunch.settings;
    await relaunch.temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
    await scene.died(doomed);
    await scene.withNewAgent(async () => {
      await untilNone(`the files of ${workflowId}`, () => leavingsOfDeleted(home, workflowId), 120_000);
      await untilNone(`the records of ${workflowId}`, () => relaunch.store.list(keyOf.run(workflowId)), 120_000);
    });
  },
};
