import { RE2JS } from 're2js';

/**
 * A regular expression of RE2 that a whole text has to match, in time linear in the text: it comes from an admin and is held against what
 * submitters write, so that nothing in it may backtrack. Syntax: https://github.com/google/re2/wiki/Syntax
 */
export interface Pattern {
  matches(text: string): boolean;
}

const longestPattern = 1_000;
/** In characters. What is longer matches nothing. */
const longestText = 4_096;

/** @throws an Error that says what is wrong with it */
export function compilePattern(source: string): Pattern {
  if (source.length > longestPattern) throw new Error(`at most ${String(longestPattern)} characters`);
  const pattern = RE2JS.compile(source);
  return { matches: (text) => text.length <= longestText && pattern.matches(text) };
}
