import type { EngineEvent } from './objects.ts';

/** Engines remember so many events, and none from before they started. */
const rememberedEvents = 256;

/** Who ended a container that nobody of ours did: its own job, somebody at the engine, or the engine's end or restart. */
export type EndedBy = 'itself' | 'somebody' | 'restart';

/** What its follower had of the engine while the container came to its end: all the time, with a gap, or nothing. */
export type Contact = 'kept' | 'lost' | 'none';

/**
 * Who ended a container, by all the events that its engine remembers.
 * An engine that remembers how a container started has been there since. One that could, and does not, was started later.
 */
export function endedBy(events: readonly EngineEvent[], id: string, contact: Contact): EndedBy {
  const isOwn = ({ Type, Actor }: EngineEvent): boolean => Type === 'container' && Actor.ID === id;
  const has = (action: string): boolean => events.some((event) => isOwn(event) && event.Action === action);
  const killed = events.findIndex((event) => isOwn(event) && isEnding(event));
  if (has('start')) return killed === -1 ? 'itself' : 'somebody';
  const isNew = events.length < rememberedEvents;
  if (!has('die')) return isNew || contact === 'lost' ? 'restart' : 'itself';
  if (killed === -1) return 'itself';
  // Engines end what they find running when they start, unless they keep it: before all else, and as if somebody had asked.
  const wasFirst = isNew && events.slice(0, killed).every(onlyEnds);
  return contact === 'lost' || (contact === 'none' && wasFirst) ? 'restart' : 'somebody';
}

const isEnding = ({ Action, Actor }: EngineEvent): boolean =>
  Action === 'kill' && ['9', '15'].includes(Actor.Attributes?.['signal'] ?? '');

const onlyEnds = ({ Type, Action }: EngineEvent): boolean =>
  Type !== 'container' || ['kill', 'die', 'stop', 'oom'].includes(Action);
