import type { EngineEvent } from './objects.ts';

/** Engines remember so many events, and none from before they started. */
const rememberedEvents = 256;

/** Who ended a container that nobody of ours did: its own job, somebody at the engine, or the engine's end or restart. */
export type EndedBy = 'itself' | 'somebody' | 'restart';

/**
 * Who ended a container, by all the events that its engine remembers. `wasAway`: whether the engine was away since it was last seen running.
 * An engine that remembers how a container started has been there since. One that could, and does not, was started later.
 */
export function endedBy(events: readonly EngineEvent[], id: string, wasAway: boolean): EndedBy {
  const own = events.filter(({ Type, Actor }) => Type === 'container' && Actor.ID === id);
  const has = (action: string): boolean => own.some(({ Action }) => Action === action);
  const isKilled = own.some(isEnding);
  if (has('start')) return isKilled ? 'somebody' : 'itself';
  const isNew = events.length < rememberedEvents;
  if (!has('die')) return isNew || wasAway ? 'restart' : 'itself';
  // Engines end what they find running when they start, unless they keep it: as if somebody had asked.
  if (!isKilled) return 'itself';
  return wasAway ? 'restart' : 'somebody';
}

const isEnding = ({ Action, Actor }: EngineEvent): boolean =>
  Action === 'kill' && ['9', '15'].includes(Actor.Attributes?.['signal'] ?? '');
