import { RelaunchError } from '../../../contracts/failures.ts';
import { mountedVolume } from '../../images/mounted-source.ts';
import { withMountedRun } from '../../images/mounted-run.ts';
import type { Attempt } from '../backend.ts';
import { makeDirectory } from './checkpoints.ts';
import { containerOf } from './container-spec.ts';
import { create, createFilled, createMs, findOurs, refusal, removedMeanwhile } from './create.ts';
import { EngineError } from './engine-error.ts';
import type { FlagSettings } from './flags/flags.ts';
import { putNote, readNote } from './notes.ts';
import { stageOf, type Container } from './objects.ts';
import { pullImage } from './pull.ts';
import { parseDockerArgs } from './queue-args.ts';
import { containerSecrets } from './secrets.ts';
import { readContainer, type DockerSite } from './site.ts';

/** Pulls, creates, starts; see Backend.submit. An image that cannot be had is remembered: the follower says so. */
export async function submitAttempt(site: DockerSite, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const { ref } = attempt;
  const flags = parseDockerArgs(attempt.plan.resourceArgs);
  const found = await findOurs(site, attempt, signal);
  if (found !== undefined) return start(site, attempt, found, signal);
  if ((await readNote(site, ref, 'stopped', signal)) !== undefined) return;
  if ((await readNote(site, ref, 'no-image', signal)) !== undefined) return;

  const made = await make(site, attempt, flags, signal);
  if (made !== undefined) await start(site, attempt, made, signal);
}

/** The attempt's container, complete; undefined where its image cannot be had. */
async function make(
  site: DockerSite,
  attempt: Attempt,
  flags: FlagSettings,
  signal: AbortSignal,
): Promise<Container | undefined> {
  const { owner } = site;
  const { plan } = attempt;
  const { platform } = flags;
  const secrets = containerSecrets(await attempt.secrets());
  const ofSecrets = secrets.filling === undefined ? [] : [secrets.filling];
  if (plan.mounted === undefined) {
    const image = imageOf(attempt);
    return onImage(site, attempt, { image, platform }, signal, (warnings) => {
      const wanted = { body: containerOf(attempt, image, flags, { owner, warnings, secrets }), platform };
      return ofSecrets.length === 0
        ? create(site, attempt, wanted, signal)
        : createFilled(site, attempt, wanted, ofSecrets, signal);
    });
  }
  return withMountedRun(attempt, async ({ baseImage, workingDir, command, archive, ...mounted }) => {
    const image = await attempt.pinned(baseImage);
    return onImage(site, attempt, { image, platform }, signal, (warnings) => {
      const all = [...warnings, ...mounted.warnings.map((each) => `warning: ${each}`)];
      const inCode = { ...attempt, plan: { ...plan, entrypoint: command } };
      const body = containerOf(inCode, image, flags, { owner, warnings: all, workingDir, secrets });
      const fillings = [{ target: mountedVolume, archive }, ...ofSecrets];
      return createFilled(site, attempt, { body, platform }, fillings, signal);
    });
  });
}

async function onImage(
  site: DockerSite,
  attempt: Attempt,
  { image, platform }: { image: string; platform: string | undefined },
  signal: AbortSignal,
  work: (warnings: string[]) => Promise<Container>,
): Promise<Container | undefined> {
  const pulled = await pullImage(site, image, platform, signal);
  if (pulled.kind !== 'none') return work(pulled.kind === 'local' ? [pulled.warning] : []);
  await putNote(site, attempt, 'no-image', pulled.words, signal);
  return undefined;
}

function imageOf({ plan }: Attempt): string {
  if ('image' in plan.source) return plan.source.image;
  throw new RelaunchError('AttemptRefused', `run ${plan.run} has no image, and the docker backend runs nothing else`);
}

/** Starts a container that has not started yet, unless it may not. One that cannot start says why, to the follower. */
async function start(site: DockerSite, attempt: Attempt, container: Container, signal: AbortSignal): Promise<void> {
  if (stageOf(container.State) !== 'created') return;
  const { engine } = site;
  const { Id } = container;
  try {
    await makeDirectory(site, Id, signal);
    // Only now: whoever stops an attempt that has a container removes that, and leaves a note for one that comes later.
    if ((await readNote(site, attempt.ref, 'stopped', signal)) !== undefined) {
      await engine.find({ method: 'DELETE', path: `/containers/${Id}`, query: { v: '1' }, signal });
      return;
    }
    await engine.send({ method: 'POST', path: `/containers/${Id}/start`, timeoutMs: createMs, signal });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const now = await readContainer(engine, Id, signal);
    if (now !== undefined && stageOf(now.State) !== 'created') return;
    if (now === undefined && (await readNote(site, attempt.ref, 'stopped', signal)) !== undefined) return;
    throw now === undefined ? removedMeanwhile(attempt) : refusal(site, attempt, error);
  }
}
