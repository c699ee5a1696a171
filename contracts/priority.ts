import { z } from 'zod';

/** W&B's words for Temporal's priority keys 1 to 4: a lower key goes first. */
const keys = { critical: 1, high: 2, medium: 3, low: 4 } as const;

export const priority = z.enum(['critical', 'high', 'medium', 'low']);
export type Priority = z.infer<typeof priority>;

/** The priorityKey under which a run waits. */
export const priorityKeyOf = (word: Priority): number => keys[word];

/** Temporal takes at most 64 bytes. */
const longestFairnessKeyBytes = 64;

/** Under which key a user's runs take turns with those of others. */
export function fairnessKeyOf(user: string | undefined): string | undefined {
  if (user === undefined) return undefined;
  let key = '';
  let bytes = 0;
  for (const character of user) {
    bytes += utf8Bytes(character.codePointAt(0) ?? 0);
    if (bytes > longestFairnessKeyBytes) break;
    key += character;
  }
  return key;
}

function utf8Bytes(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
