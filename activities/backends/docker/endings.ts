import { buffer, text } from 'node:stream/consumers';
import type { AttemptRef, Sink, Verdict } from '../backend.ts';
import { plain } from '../words.ts';
import { endedBy, type Contact, type EndedBy } from './evidence.ts';
import { FrameReader } from './frames.ts';
import { readNote } from './notes.ts';
import type { Container, EngineEvent } from './objects.ts';
import type { DockerSite } from './site.ts';
import { isInDoubt, verdictOf } from './verdict.ts';

/** How much of its output an outcome's message repeats. */
const mostLastWords = 10;
const mostLastCharacters = 2_000;

/** The verdict on a container that has ended. */
export async function ended(
  site: DockerSite,
  ref: AttemptRef,
  { Id, State: state }: Container,
  contact: Contact,
  signal: AbortSignal,
): Promise<Verdict> {
  const asked = (await readNote(site, ref, 'stopped', signal)) !== undefined;
  let by: EndedBy = 'itself';
  if (!asked && isInDoubt(state)) by = endedBy(await readEvents(site, signal), Id, contact);
  const lastWords = state.ExitCode === 0 ? '' : await readLastWords(site, Id, signal);
  return verdictOf({ state, node: site.node, asked, by, lastWords });
}

/** The verdict on an attempt that has no container. */
export async function neverRan(site: DockerSite, ref: AttemptRef, sink: Sink, signal: AbortSignal): Promise<Verdict> {
  const at = new Date().toISOString();
  const words = await readNote(site, ref, 'no-image', signal);
  if (words !== undefined) return { kind: 'failed', cause: 'image-pull', at, node: site.node, message: words };
  if (Object.keys(await sink.keep({})).length > 0) return removed(site);
  return { kind: 'lost', reason: 'never-started', at, node: site.node, message: 'there is no container of it' };
}

/** The verdict on a container that was there, and is gone. */
export const removed = ({ node }: DockerSite): Verdict => ({
  ...{ kind: 'lost', reason: 'deleted-externally', at: new Date().toISOString(), node },
  message: 'somebody removed its container',
});

/** All that the engine remembers, and what it says in the second after: the end that is asked about has only just come. */
async function readEvents({ engine }: DockerSite, signal: AbortSignal): Promise<EngineEvent[]> {
  const query = { since: '1', until: String(Math.floor(Date.now() / 1_000) + 1) };
  const lines = await text(await engine.stream({ method: 'GET', path: '/events', query, signal }));
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as EngineEvent);
}

/** The last lines of stderr; empty where they cannot be had. */
async function readLastWords({ engine }: DockerSite, id: string, signal: AbortSignal): Promise<string> {
  const query = { stderr: '1', tail: String(mostLastWords) };
  try {
    const answer = await engine.stream({ method: 'GET', path: `/containers/${id}/logs`, query, signal });
    const frames = [...new FrameReader().read(await buffer(answer))];
    const lines = Buffer.concat(frames.map(({ bytes }) => bytes))
      .toString()
      .split('\n')
      .map(plain);
    return lines
      .filter((line) => line !== '')
      .join('\n')
      .slice(-mostLastCharacters);
  } catch {
    signal.throwIfAborted();
    return '';
  }
}
