/** Shorter lines of a secret stand in too many other words. */
const shortest = 4;

/** Puts stars where a text has one of these, or a line of one. */
export function masking(secrets: Iterable<string>): (text: string) => string {
  const all = [...secrets].flatMap((secret) => [secret, ...secret.split(/\r?\n/)]).map((part) => part.trim());
  const longestFirst = [...new Set(all)].filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((said, part) => said.replaceAll(part, '****'), text);
}
