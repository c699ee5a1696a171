import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { cancel, preempt, remove, show, submit, type Relaunch, type Run } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { ImageScene } from '../support/image-scene.ts';
import { until } from '../support/until.ts';
import { served, type DockerStage } from './docker-stage.ts';

/** Where its agent is killed, a run takes as long as it takes. */
const patienceMs = 300_000;

type Way = (scene: ImageScene, script: string) => Promise<Run>;

const busybox = ({ testbed }: ImageScene): string => testbed.images.busybox;

/** Launches code that is nobody else's. */
async function ofCode(
  scene: ImageScene,
  files: Readonly<Record<string, string>>,
  more: Partial<LaunchSpecInput>,
): Promise<Run> {
  const directory = await scene.code({ ...files, salt: randomUUID() });
  try {
    return await scene.launch(served, directory, more);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const building = (scene: ImageScene, step: string, more: Partial<LaunchSpecInput>): Promise<Run> =>
  ofCode(
    scene,
    { Dockerfile: `FROM ${busybox(scene)}\nCOPY salt /salt\nRUN ${step}\n` },
    { dockerfile: 'Dockerfile', ...more },
  );

const shell = (script: string): string[] => ['sh', '-c', script];

/** How a run comes to its image. */
const ways: Readonly<Record<string, Way>> = {
  prebuilt: (scene, script) =>
    submit(scene.cluster.relaunch, {
      ...{ queue: served, source: { image: busybox(scene) }, entrypoint: shell(script), user: 'ada' },
    }),
  built: (scene, script) => building(scene, 'true', { entrypoint: shell(script) }),
  mounted: (scene, script) => ofCode(scene, {}, { baseImage: busybox(scene), entrypoint: shell(script) }),
};

interface Ending {
  script: string;
  /** What is done to it once it runs. */
  act?: (scene: ImageScene, run: Run) => Promise<void>;
  state: string;
}

const forEver = 'echo up; sleep 3600';
const oncePreempted = `[ $RELAUNCH_ATTEMPT = 1 ] || exit 0; ${forEver}`;
const by = { by: 'ada' };

const endings: Readonly<Record<string, Ending>> = {
  succeeds: { script: 'echo done', state: 'succeeded' },
  fails: { script: 'exit 3', state: 'failed' },
  'is preempted': {
    script: oncePreempted,
    act: ({ cluster }, { workflowId }) => preempt(cluster.relaunch, workflowId, by),
    state: 'succeeded',
  },
  'is cancelled while running': {
    script: forEver,
    act: ({ cluster }, { workflowId }) => cancel(cluster.relaunch, workflowId, by),
    state: 'cancelled',
  },
  'is terminated while running': {
    script: forEver,
    act: async ({ cluster }, { workflowId }) => {
      await cluster.relaunch.temporal.workflow.getHandle(workflowId).terminate();
    },
    state: 'terminated',
  },
};

/** A run from its launch until it was deleted, after which nothing of it may be left. */
type Story = (stage: DockerStage) => Promise<void>;

const says = (scene: ImageScene, { workflowId }: Run, words: string, of?: 'build'): Promise<unknown> =>
  until(
    `${workflowId} says ${words}`,
    async () => (await scene.lines(workflowId, of)).some((line) => line.endsWith(words)),
    patienceMs,
    500,
  );

async function endsAs({ scene, findings }: DockerStage, { id, workflowId }: Run, expected: string): Promise<void> {
  const { relaunch } = scene.cluster;
  const state = await until(`the end of ${id}`, () => stateOf(relaunch, workflowId), patienceMs, 500);
  findings.rule(state === expected, `${id} is ${state} and not ${expected}`);
  await remove(relaunch, workflowId, by);
}

/** Of a run that has ended. */
async function stateOf(relaunch: Relaunch, workflowId: string): Promise<string | undefined> {
  const { state, closedAt } = await show(relaunch, workflowId);
  return closedAt === undefined ? undefined : state;
}

const told =
  (way: Way, { script, act, state }: Ending): Story =>
  async (stage) => {
    const run = await way(stage.scene, script);
    if (act !== undefined) {
      await says(stage.scene, run, 'up');
      await act(stage.scene, run);
    }
    await endsAs(stage, run, state);
  };

/** Every way to an image with every way out. */
export const dockerStories: Readonly<Record<string, Story>> = {
  ...Object.fromEntries(
    Object.entries(ways).flatMap(([image, way]) =>
      Object.entries(endings).map(([how, ending]) => [`${image}, ${how}`, told(way, ending)]),
    ),
  ),
  'its build fails': async (stage) => {
    await endsAs(stage, await building(stage.scene, 'exit 7', {}), 'failed');
  },
  'is cancelled while building': async (stage) => {
    const run = await building(stage.scene, `echo be''gun; sleep 3600`, {});
    await says(stage.scene, run, ' begun', 'build');
    await cancel(stage.scene.cluster.relaunch, run.workflowId, by);
    await endsAs(stage, run, 'cancelled');
  },
};
