import { randomUUID } from 'node:crypto';
import { RelaunchError } from '../../../contracts/failures.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { Attempt } from '../backend.ts';
import { pause } from '../waiting.ts';
import { fillVolume, type Filling } from './attempt-volume.ts';
import { EngineError, isAnswer } from './engine-error.ts';
import { readNote } from './notes.ts';
import type { Container } from './objects.ts';
import { checkOurs, findContainer, type DockerSite } from './site.ts';

/** Unpacking and wiring take their time. */
export const createMs = 120_000;
const lookMs = 100;

/** A container as the engine is asked for it. */
interface Wanted {
  body: object;
  platform: string | undefined;
}

/** @throws RelaunchError AttemptRefused where the container of this name is somebody else's */
export async function findOurs(
  site: DockerSite,
  { ref }: Attempt,
  signal: AbortSignal,
): Promise<Container | undefined> {
  const container = await findContainer(site, ref, signal);
  checkOurs(site, container, ref);
  return container;
}

/** Makes the attempt's container, or finds it made. */
export async function create(
  site: DockerSite,
  attempt: Attempt,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Container> {
  try {
    return await named(site, attempt, signal, () => post(site, nameOf(attempt), wanted, signal));
  } catch (error) {
    throw refusal(site, attempt, error);
  }
}

/**
 * The same, with code or secrets in it. It is given the attempt's name only when all of that is there: whoever finds a container of this name may
 * start it. One that is left on the way goes when the attempt is released.
 */
export async function createFilled(
  site: DockerSite,
  attempt: Attempt,
  wanted: Wanted,
  fillings: readonly Filling[],
  signal: AbortSignal,
): Promise<Container> {
  const { engine, reached } = site;
  const name = nameOf(attempt);
  const id = await post(site, `${name}-${randomUUID()}`, wanted, signal).catch((error: unknown) => {
    throw refusal(site, attempt, error);
  });
  const path = `/containers/${id}`;
  let container: Container | undefined;
  try {
    await reached('docker:made');
    for (const filling of fillings) await fillVolume(site, id, filling, signal);
    await reached('docker:filled');
    // Asked once: what has got a name cannot be given it again.
    const rename = { method: 'POST', path: `${path}/rename`, query: { name }, patienceMs: 0, signal } as const;
    container = await named(site, attempt, signal, () => engine.send(rename));
    await reached('docker:named');
    return container;
  } catch (error) {
    throw isAnswer(error, 404) ? removedMeanwhile(attempt) : refusal(site, attempt, error);
  } finally {
    // Without force: if it has got its name after all, somebody may have started it.
    if (container?.Id !== id && !signal.aborted)
      await engine.send({ method: 'DELETE', path, query: { v: '1' }, signal }).catch(() => undefined);
  }
}

const nameOf = ({ ref }: Attempt): string => attemptName(ref.run, ref.attempt);

async function post(
  { engine }: DockerSite,
  name: string,
  { body, platform }: Wanted,
  signal: AbortSignal,
): Promise<string> {
  const request = { method: 'POST', path: '/containers/create', query: { name, platform }, body } as const;
  return (await engine.send<{ Id: string }>({ ...request, timeoutMs: createMs, signal })).Id;
}

/** The container of the attempt's name, once this or somebody else has made it. */
async function named(
  site: DockerSite,
  attempt: Attempt,
  signal: AbortSignal,
  makeIt: () => Promise<unknown>,
): Promise<Container> {
  for (;;) {
    try {
      await makeIt();
    } catch (error) {
      if (!isAnswer(error, 409)) throw error;
    }
    const container = await findOurs(site, attempt, signal);
    if (container !== undefined) return container;
    if ((await readNote(site, attempt.ref, 'stopped', signal)) !== undefined) throw removedMeanwhile(attempt);
    await pause(lookMs, signal);
  }
}

/** What the engine will not take, in its own words; what it may take later stays as it is. */
export function refusal({ engine }: DockerSite, { plan }: Attempt, error: unknown): unknown {
  if (!(error instanceof EngineError) || error.code >= 500) return error;
  if (error.message.includes('No such image')) {
    const message = `an image was removed from ${engine.host} just when it was pulled: ${error.message}`;
    return new RelaunchError('BackendUnavailable', message, { cause: error });
  }
  const message = `the engine at ${engine.host} refused the container: ${error.message}. It is made from resourceArgs.docker of queue "${plan.queue}"`;
  return new RelaunchError('AttemptRefused', message, { cause: error });
}

export const removedMeanwhile = ({ plan }: Attempt): RelaunchError =>
  new RelaunchError('BackendUnavailable', `the container of run ${plan.run} was removed while it was being started`);
