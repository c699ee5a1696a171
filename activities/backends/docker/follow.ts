import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptRef, Sink, Verdict } from '../backend.ts';
import { pause } from '../waiting.ts';
import { AttemptLog } from './attempt-log.ts';
import { warningLabel } from './container-spec.ts';
import { ended, neverRan, removed } from './endings.ts';
import { isAway } from './engine-error.ts';
import type { Contact } from './evidence.ts';
import { shownImage } from './shown-image.ts';
import { stageOf, type Container } from './objects.ts';
import { preventStart } from './prevent-start.ts';
import { givenSecrets } from './secrets.ts';
import { checkOurs, findContainer, readContainer, type DockerSite } from './site.ts';
import { timeOf } from './verdict.ts';

/** A container that has not started by then has nobody who submits it. */
const startWithinMs = 5_000;
/** Between two looks at a running container, besides those when its log ends. */
const lookMs = 5_000;
/** The log of a container that has ended ends with it, or not at all. */
const logPatienceMs = 1_000;
/** An engine that is away for longer is somebody's business: the activity fails, says so, and comes again. */
const awayMs = 30_000;
const backOffMs = 100;

/** Follows an attempt to its end; see Backend.follow. The end of its log is a reason to look, no more. */
export async function followAttempt(
  site: DockerSite,
  ref: AttemptRef,
  sink: Sink,
  signal: AbortSignal,
): Promise<Verdict> {
  const begun = await begunContainer(site, ref, signal);
  if (begun === undefined) return neverRan(site, ref, sink, signal);
  // Should it be gone one day, this tells that it was there.
  await sink.keep({ [begun.Id]: {} });
  sink.hides(await givenSecrets(site, begun, signal));
  const log = new AttemptLog(site.engine, begun.Id, sink, signal);
  const warning = begun.Config.Labels?.[warningLabel];
  if (sink.cursor === undefined && warning !== undefined) {
    for (const words of warning.split('\n')) await log.say(words);
  }
  const at = timeOf(begun.State.StartedAt);
  if (at !== undefined) {
    sink.observed({ phase: 'running', node: site.node, image: await shownImage(site, begun, signal), at });
  }
  const { container, contact } = await untilEnded(site, begun, log, signal);
  if (container === undefined) return removed(site);
  await log.finish();
  return ended(site, ref, container, contact, signal);
}

/** The attempt's container once it has started; undefined where there is none, and never will be. */
async function begunContainer(site: DockerSite, ref: AttemptRef, signal: AbortSignal): Promise<Container | undefined> {
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const container = await findContainer(site, ref, signal);
    checkOurs(site, container, ref);
    if (container !== undefined && stageOf(container.State) !== 'created') return container;
    if (container === undefined || performance.now() > deadline) return preventStart(site, ref, signal);
    await pause(backOffMs, signal);
  }
}

interface Look {
  /** Undefined: it is gone. */
  container: Container | undefined;
  /** Since the look before; `lost`: the engine may have been away. */
  contact: Contact;
}

/** Hands on the log until a look finds the container ended. */
async function untilEnded(site: DockerSite, begun: Container, log: AttemptLog, signal: AbortSignal): Promise<Look> {
  let last: Look = { container: begun, contact: 'none' };
  while (last.container !== undefined && stageOf(last.container.State) === 'running') {
    const broke = await readWhileRunning(site, begun.Id, log, signal);
    const next = await lookPatiently(site, begun.Id, signal);
    last = broke ? { ...next, contact: 'lost' } : next;
    if (last.contact === 'lost' && last.container !== undefined) {
      await log.say(
        'the connection to the Docker engine was lost: if the engine was down, lines from then are missing',
      );
    }
    await pause(backOffMs, signal);
  }
  return last;
}

/** Reads the log until it ends, or the container has. Answers whether the connection broke. */
async function readWhileRunning(site: DockerSite, id: string, log: AttemptLog, signal: AbortSignal): Promise<boolean> {
  const cut = new AbortController();
  const { signal: isCut } = cut;
  const looking = untilOver(site, id, AbortSignal.any([signal, isCut]))
    .then(() => sleep(logPatienceMs, undefined, { signal: isCut }))
    .then(() => {
      cut.abort();
    })
    .catch(() => undefined);
  try {
    const trouble = await log.follow(isCut);
    return trouble !== undefined && !isCut.aborted;
  } finally {
    cut.abort();
    await looking;
  }
}

/** Resolves when a container does not run any more, as far as one can see: where the engine is away, the log says so. */
async function untilOver({ engine }: DockerSite, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(lookMs, signal);
    const container = await readContainer(engine, id, signal);
    if (container === undefined || stageOf(container.State) === 'ended') return;
  }
}

async function lookPatiently({ engine }: DockerSite, id: string, signal: AbortSignal): Promise<Look> {
  const deadline = performance.now() + awayMs;
  for (let contact: Contact = 'kept'; ; contact = 'lost') {
    try {
      return { container: await readContainer(engine, id, signal, 0), contact };
    } catch (error) {
      signal.throwIfAborted();
      if (!isAway(error) || performance.now() > deadline) throw error;
      await pause(backOffMs, signal);
    }
  }
}
