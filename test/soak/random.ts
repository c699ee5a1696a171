/** Choices that a seed repeats. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** This many: each once, as far as they go, then any. */
  each<T>(list: readonly T[], count: number): T[];
  /** Choices of their own, for one of several that go on at once: the others' pace does not change them. */
  fork(): Random;
}

/** mulberry32 by Tommy Ettinger, in the public domain: small, and even enough to choose victims. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[int(0, list.length - 1)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
  return {
    next,
    int,
    pick,
    each: (list, count) => Array.from({ length: count }, (_, i) => list[i] ?? pick(list)),
    fork: () => seeded(int(0, 2 ** 32 - 1)),
  };
}
