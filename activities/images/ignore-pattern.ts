import { assertNever } from '../../contracts/outcome.ts';

/** What one place of a pattern takes. */
type Part =
  | { kind: 'one'; takes: (character: string) => boolean }
  /** `*`: anything but `/`. */
  | { kind: 'segment' }
  /** `**` at the end: anything. */
  | { kind: 'rest' }
  /** `**` elsewhere: nothing, or anything up to a `/`. What it has taken a part of is at `within`, the part that follows it. */
  | { kind: 'directories' }
  | { kind: 'within' };

/** Whether a path matches. */
export type IgnorePattern = (path: string) => boolean;

/**
 * A pattern of a `.dockerignore`, as moby/patternmatcher reads it. Its cost grows with pattern times path at most, whatever its author
 * wanted: no regular expressions. Undefined: it is malformed.
 */
export function ignorePattern(pattern: string): IgnorePattern | undefined {
  const parts = partsOf(Array.from(pattern));
  if (parts === undefined) return undefined;
  // Where only letters follow `**`, moby takes paths that end with them, also in the middle of a name.
  const [, suffix] = /^\*\*([^/*?[\]\\][^*?[\]\\]*)$/.exec(pattern) ?? [];
  return suffix === undefined ? (path) => matches(parts, Array.from(path)) : (path) => path.endsWith(suffix);
}

function partsOf(pattern: readonly string[]): Part[] | undefined {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '*' && pattern[at + 1] === '*') {
      at += pattern[at + 2] === '/' ? 2 : 1;
      if (at === pattern.length - 1) parts.push({ kind: 'rest' });
      else parts.push({ kind: 'directories' }, { kind: 'within' });
    } else if (character === '*') {
      parts.push({ kind: 'segment' });
    } else if (character === '?') {
      parts.push({ kind: 'one', takes: (each) => each !== '/' });
    } else if (character === '[') {
      const set = characterSet(pattern, at + 1);
      if (set === undefined) return undefined;
      parts.push({ kind: 'one', takes: set.takes });
      at = set.end;
    } else {
      const literal = character === '\\' ? pattern[++at] : character;
      if (literal === undefined) return undefined;
      parts.push({ kind: 'one', takes: (each) => each === literal });
    }
  }
  return parts;
}

/** `[a-z]` and `[^a-z]`, from behind the bracket; `end` is where the closing one is. */
function characterSet(
  pattern: readonly string[],
  start: number,
): { takes: (character: string) => boolean; end: number } | undefined {
  const isNegated = pattern[start] === '^';
  const ranges: [from: string, to: string][] = [];
  let at = isNegated ? start + 1 : start;
  const next = (): string | undefined => {
    const character = pattern[at++];
    return character === '\\' ? pattern[at++] : character;
  };
  while (pattern[at] !== ']') {
    const from = pattern[at] === '-' ? undefined : next();
    if (from === undefined) return undefined;
    let to: string | undefined = from;
    if (pattern[at] === '-') {
      at++;
      to = pattern[at] === ']' || pattern[at] === '-' ? undefined : next();
    }
    if (to === undefined || to < from) return undefined;
    ranges.push([from, to]);
  }
  if (ranges.length === 0) return undefined;
  return { takes: (each) => ranges.some(([from, to]) => from <= each && each <= to) !== isNegated, end: at };
}

/** Follows all places of the pattern that the path can have come to, character by character. */
function matches(parts: readonly Part[], path: readonly string[]): boolean {
  let here = new Uint8Array(parts.length + 1);
  let next = new Uint8Array(parts.length + 1);
  here[0] = 1;
  for (const character of path) {
    next.fill(0);
    for (const [place, part] of parts.entries()) {
      if (here[place] === 1) {
        leave(part, place, here);
        take(part, place, character, next);
      }
    }
    [here, next] = [next, here];
  }
  for (const [place, part] of parts.entries()) if (here[place] === 1) leave(part, place, here);
  return here[parts.length] === 1;
}

/** Parts that may take nothing. */
function leave({ kind }: Part, place: number, here: Uint8Array): void {
  if (kind === 'segment' || kind === 'rest') here[place + 1] = 1;
  if (kind === 'directories') here[place + 2] = 1;
}

function take(part: Part, place: number, character: string, next: Uint8Array): void {
  switch (part.kind) {
    case 'one':
      if (part.takes(character)) next[place + 1] = 1;
      break;
    case 'segment':
      if (character !== '/') next[place] = 1;
      break;
    case 'rest':
      next[place] = 1;
      break;
    case 'directories':
    case 'within': {
      const within = part.kind === 'within' ? place : place + 1;
      next[within] = 1;
      if (character === '/') next[within + 1] = 1;
      break;
    }
    default:
      assertNever(part);
  }
}
