/** Of current details, in UTF-16 units, each at most three bytes in the payload: Temporal takes 20,000 bytes. */
export const longestDetails = 6_000;

/** Anybody's text as a piece of markdown that is nothing but text. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&');
}
