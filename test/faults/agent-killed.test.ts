import { afterAll, beforeAll, test, vi } from 'vitest';
import type { AttemptKillPoint } from '../../activities/dependencies.ts';
import { Cluster } from '../support/cluster.ts';
import { KillScene } from '../support/kill-scene.ts';
import {
  cancelled,
  cancelledInQueue,
  cancelledOnceClaimed,
  closed,
  launched,
  preempted,
  type Story,
} from '../support/kill-stories.ts';
import { deleted, terminated } from '../support/kill-stories-unasked.ts';

// They mostly wait for time-outs: all at once they take as long as one.
vi.setConfig({ maxConcurrency: 100 });

/** A new point has no story, and this does not compile. */
const stories: Record<AttemptKillPoint, readonly Story[]> = {
  'resolve:before-plan': [launched],
  'resolve:after-plan': [launched],
  'submit:after-place': [launched],
  'submit:before-claim': [launched],
  'submit:after-claim': [launched],
  'submit:after-create': [launched],
  'await:running': [launched],
  'await:before-record': [launched],
  'await:after-record': [launched],
  'await:after-release': [launched],
  'stop:before-asked': [cancelled, preempted],
  'stop:after-asked': [cancelled, preempted],
  'stop:after-stop': [cancelled, preempted],
  'release:before-tombstone': [cancelledInQueue],
  'release:after-tombstone': [cancelledInQueue],
  'release:after-record': [cancelledInQueue],
  'release:after-asked': [cancelledOnceClaimed],
  'release:after-stop': [cancelledOnceClaimed],
  'end:after-asked': [terminated],
  'end:after-stop': [terminated],
  'janitor:before-removal': [deleted],
  'janitor:after-removal': [deleted],
  'control:before-cancel': [closed],
  'control:after-cancel': [closed],
};

// The last ones take longest, so they begin first.
const scenes = Object.entries(stories)
  .flatMap(([point, told]) =>
    told.map((story, i) => ({
      point: point as AttemptKillPoint,
      story,
      name: `${point.replace(':', '-')}-${String(i)}`,
    })),
  )
  .reverse();

let cluster: Cluster;

beforeAll(async () => {
  // The places that dead agents had must not be in the way of what comes after them.
  const queue = { gracePeriod: '2s', maxLive: 1 };
  cluster = await Cluster.start(Object.fromEntries(scenes.map(({ name }) => [name, queue])));
}, 120_000);

afterAll(() => cluster.stop());

test.concurrent.each(scenes)(
  'a worker killed at $point: $story.title',
  { timeout: 360_000 },
  async ({ point, story, name }) => {
    await story.play(new KillScene(cluster, point, name));
  },
);
