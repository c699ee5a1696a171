import { RelaunchError } from '../../../contracts/failures.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { Attempt } from '../backend.ts';
import { pause } from '../waiting.ts';
import { makeDirectory } from './checkpoints.ts';
import { containerOf } from './container-spec.ts';
import { EngineError, isAnswer } from './engine-error.ts';
import { putNote, readNote } from './notes.ts';
import { stageOf, type Container } from './objects.ts';
import { pullImage } from './pull.ts';
import { parseDockerArgs } from './queue-args.ts';
import { checkOurs, findContainer, readContainer, type DockerSite } from './site.ts';

/** Unpacking and wiring take their time. */
const createMs = 120_000;
const lookMs = 100;

/** Pulls, creates, starts; see Backend.submit. An image that cannot be had is remembered: the follower says so. */
export async function submitAttempt(site: DockerSite, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const { ref } = attempt;
  const flags = parseDockerArgs(attempt.plan.resourceArgs);
  const found = await findOurs(site, attempt, signal);
  if (found !== undefined) return start(site, attempt, found, signal);
  if ((await readNote(site, ref, 'stopped', signal)) !== undefined) return;
  if ((await readNote(site, ref, 'no-image', signal)) !== undefined) return;

  const image = imageOf(attempt);
  const pulled = await pullImage(site, image, flags.platform, signal);
  if (pulled.kind === 'none') return putNote(site, attempt, 'no-image', pulled.words, signal);
  const warning = pulled.kind === 'local' ? pulled.warning : undefined;
  const body = containerOf(attempt, image, flags, { owner: site.owner, warning });
  await start(site, attempt, await create(site, attempt, body, flags.platform, signal), signal);
}

function imageOf({ plan }: Attempt): string {
  if ('image' in plan.source) return plan.source.image;
  throw new RelaunchError('AttemptRefused', `run ${plan.run} has no image, and the docker backend runs nothing else`);
}

async function findOurs(site: DockerSite, { ref }: Attempt, signal: AbortSignal): Promise<Container | undefined> {
  const container = await findContainer(site, ref, signal);
  checkOurs(site, container, ref);
  return container;
}

async function create(
  site: DockerSite,
  attempt: Attempt,
  body: object,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<Container> {
  const { ref, plan } = attempt;
  const query = { name: attemptName(ref.run, ref.attempt), platform };
  for (;;) {
    try {
      await site.engine.send({ method: 'POST', path: '/containers/create', query, body, timeoutMs: createMs, signal });
    } catch (error) {
      if (!isAnswer(error, 409)) throw refusal(error, attempt, site);
    }
    const container = await findOurs(site, attempt, signal);
    if (container !== undefined) return container;
    if ((await readNote(site, ref, 'stopped', signal)) !== undefined) throw released(plan.run);
    await pause(lookMs, signal);
  }
}

/** What the engine will not take, in its own words; what it may take later stays as it is. */
function refusal(error: unknown, { plan }: Attempt, { engine }: DockerSite): unknown {
  if (!(error instanceof EngineError) || error.code >= 500) return error;
  if (error.message.includes('No such image')) {
    const message = `an image was removed from ${engine.host} just when it was pulled: ${error.message}`;
    return new RelaunchError('BackendUnavailable', message, { cause: error });
  }
  const message = `the engine at ${engine.host} refused the container: ${error.message}. It is made from resourceArgs.docker of queue "${plan.queue}"`;
  return new RelaunchError('AttemptRefused', message, { cause: error });
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
    throw now === undefined ? released(attempt.plan.run) : refusal(error, attempt, site);
  }
}

const released = (run: string): RelaunchError =>
  new RelaunchError('BackendUnavailable', `the container of run ${run} was removed while it was being started`);
