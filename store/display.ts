const escape = '\\u001b';

/** Whole sequences as ECMA-48 has them, each introduced by ESC or by its one-byte C1 form. */
const sequences = [
  // Colours, cursor, screen: parameters, intermediates, a final byte.
  `(?:${escape}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
  // Titles, links, clipboard, device strings: up to BEL or ST, if it comes.
  `(?:${escape}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0000-\\u001f\\u007f-\\u009f]*(?:\\u0007|${escape}\\\\|\\u009c)`,
  // All others: character sets, keypad, reset.
  `${escape}[ -/]+[0-~]`,
  `${escape}[0-Z\\\\^-~]`,
];

const unprintable = new RegExp(`${sequences.join('|')}|[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]`, 'gu');

/**
 * A line of a job, or any text we did not write, as it may be shown in a terminal: without escape sequences and control characters, tabs
 * kept. A carriage return within it, as progress bars write it, becomes a space.
 */
export function forDisplay(text: string): string {
  return text
    .replace(/\r+/g, (returns, offset: number) => (offset + returns.length === text.length ? '' : ' '))
    .replace(unprintable, '');
}
