import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attemptName } from '../../contracts/names.ts';
import { buildPlain } from './build-plain.ts';
import { baseOf, entrypoint, type BuildSite } from './build-site.ts';
import { timesOf } from './history.ts';
import { spreadOf, type Spread } from './statistics.ts';

/** What became of a source since the step before. */
const steps = ['cold', 'unchanged', 'code changed', 'requirements changed'] as const;
type Step = (typeof steps)[number];

/** All in ms but the ratio. */
export interface BuildTimes {
  step: Step;
  /** From the start of the build's activity until the registry has the image and the workflow knows. */
  relaunch: Spread;
  /** `docker build` and `docker push` of the same context by the same Dockerfile. */
  plain: Spread;
  /** Of the first to the second, trial by trial. */
  ratio: Spread;
  /** From the call of `submit` until the engine has started the container. */
  started: Spread;
}

interface Took {
  relaunchMs: number;
  startedMs: number;
  plainMs: number;
}

/** Takes new sources through all steps, in each of which an agent and `docker` take turns. The first trial finds nothing warm, and does not count. */
export async function measureBuilds(site: BuildSite, trials: number): Promise<BuildTimes[]> {
  const took = new Map<Step, Took[]>(steps.map((step) => [step, []]));
  const data = someFiles();
  for (let trial = 0; trial <= trials; trial++) {
    const [ours, plain] = [`3.${String(2 * trial)}`, `3.${String(2 * trial + 1)}`];
    for (const version of [ours, plain]) await makeBase(site, version);
    const code = (step: Step, version: string) => site.scene.code({ ...data, ...sourceOf(step, version) });
    for (const step of steps) {
      const byUs = async () => buildOurs(site, ours, await code(step, ours));
      const byDocker = async () => buildPlain(site, plain, await code(step, plain));
      const plainFirst = trial % 2 === 0 ? undefined : await byDocker();
      const times = await byUs();
      const plainMs = plainFirst ?? (await byDocker());
      if (trial > 0) took.get(step)?.push({ ...times, plainMs });
      const words = `${step}, ${seconds(times.relaunchMs)}, docker ${seconds(plainMs)}`;
      site.measuring.say(`trial ${String(trial)} of ${String(trials)}: ${words}`);
    }
  }
  return [...took].map(([step, all]) => ({
    step,
    relaunch: spreadOf(all.map(({ relaunchMs }) => relaunchMs)),
    plain: spreadOf(all.map(({ plainMs }) => plainMs)),
    ratio: spreadOf(all.map(({ relaunchMs, plainMs }) => relaunchMs / plainMs)),
    started: spreadOf(all.map(({ startedMs }) => startedMs)),
  }));
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** An image that nothing was built on yet, in the registry only. */
async function makeBase(site: BuildSite, version: string): Promise<void> {
  const { cli, scene } = site;
  const directory = join(scene.cluster.home, `base-${version}`);
  await mkdir(directory);
  await writeFile(join(directory, 'version'), `${scene.repository} ${version}`);
  await writeFile(join(directory, 'Dockerfile'), `FROM ${scene.testbed.images.python}\nCOPY version /etc/bench\n`);
  const tag = baseOf(site, version);
  await cli('build', '--tag', tag, directory);
  await cli('push', '--quiet', tag);
  await cli('image', 'rm', tag);
}

/** A middling project: a hundred files of code and a few megabytes of data. */
function someFiles(): Record<string, string> {
  const random = (bytes: number): string => randomBytes(bytes).toString('base64');
  const modules = Array.from({ length: 100 }, (_, i) => [`package/module${String(i)}.txt`, random(6_000)] as const);
  return { ...Object.fromEntries(modules), 'data.csv': random(3_000_000) };
}

function sourceOf(step: Step, version: string): Record<string, string> {
  const isChanged = step === 'code changed' || step === 'requirements changed';
  return {
    'train.py': `import six\nprint("${version}")\n${isChanged ? 'print("changed")\n' : ''}`,
    'requirements.txt': `# ${version}\nsix\n${step === 'requirements changed' ? 'tabulate\n' : ''}`,
  };
}

async function buildOurs({ scene, queue, starts }: BuildSite, runtime: string, directory: string) {
  const calledAt = Date.now();
  const { run, workflowId, state, failure } = await scene.run(queue, directory, { entrypoint, builder: { runtime } });
  if (state !== 'succeeded') throw new Error(`run ${run} ended as ${state}: ${failure?.message ?? ''}`);
  const { activity } = await timesOf(scene.cluster.relaunch.temporal, workflowId);
  const [build, push] = [activity('buildImage'), activity('pushImage')];
  const doneAt = Number.isNaN(push.completedAt) ? build.completedAt : push.completedAt;
  return {
    relaunchMs: doneAt - build.startedAt,
    startedMs: (await starts.of(attemptName(run, 1))) - calledAt,
  };
}
