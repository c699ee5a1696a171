import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../client/index.ts';
import type { Latency } from './latency.ts';
import { launch, untilAllSucceeded } from './kubernetes-runs.ts';
import { Sightings } from './kubernetes-sightings.ts';
import { startAgent, type KubernetesSite } from './kubernetes-site.ts';
import { spreadOf } from './statistics.ts';

/** The first launches find nothing warm: connections, caches, compiled code. */
const warmUps = 5;

export interface Launches {
  starts: number;
  /** A second. */
  rate: number;
}

/** Steady launches of jobs of a second: from the call of `submit` to what a watch sees of them. */
export async function measureStarts(site: KubernetesSite, { starts, rate }: Launches): Promise<Latency[]> {
  const { namespace, measuring } = site;
  await startAgent(site, warmUps + starts);
  const sightings = await Sightings.open(namespace);
  try {
    const began = performance.now();
    const submitting: Promise<{ run: Run; calledAt: number }>[] = [];
    for (let i = 0; i < warmUps + starts; i++) {
      if (i % 50 === 0) measuring.say(`launch ${String(i)} of ${String(warmUps + starts)}, ${String(rate)} a second`);
      await sleep(Math.max(0, began + (i / rate) * 1_000 - performance.now()), undefined, { signal: measuring.signal });
      const calledAt = Date.now();
      submitting.push(launch(site, 'brief').then((run) => ({ run, calledAt })));
    }
    const launched = (await Promise.all(submitting)).slice(warmUps);
    const steps = launched.map(async ({ run: { id }, calledAt }) => {
      const [jobAt, podAt] = await Promise.all([sightings.jobs.of(id, 1), sightings.pods.of(id, 1)]);
      return { job: jobAt - calledAt, pod: podAt - jobAt, all: podAt - calledAt };
    });
    const took = await Promise.all(steps);
    await untilAllSucceeded(site, 'brief', warmUps + starts);
    return [
      { what: 'submit -> pod created', goalMs: 500, ...spreadOf(took.map(({ all }) => all)) },
      { what: '  submit -> Job created', ...spreadOf(took.map(({ job }) => job)) },
      { what: '  Job created -> pod created, by Kubernetes', ...spreadOf(took.map(({ pod }) => pod)) },
    ];
  } finally {
    sightings.close();
  }
}
