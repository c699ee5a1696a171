import { ClientError } from '../client/index.ts';

const blank = /\s/;

/**
 * Splits a command as a POSIX shell does: blanks between words, '...' literal, "..." with \ before " \ $ and `, \ before any
 * character outside. Nothing is expanded: no variables, no globs, no pipes.
 * @throws ClientError bad-input for a quote that is not closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    if (char === '\\' && quote !== "'" && (quote === undefined ? next !== '' : /["\\$`\n]/.test(next))) {
      word = (word ?? '') + (next === '\n' ? '' : next);
      i++;
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (blank.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) throw new ClientError('bad-input', `${JSON.stringify(text)}: a ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}
