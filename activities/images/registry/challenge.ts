/** One way in which a server wants to be shown who asks: its scheme in small letters, and its parameters. */
export interface Challenge {
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const piece =
  /(?<name>[A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",]+)))?(?=[\s,]|$)[\s,]*/y;

/** What a `WWW-Authenticate` header asks for, of one line or of many joined by commas; what comes after a fault in it is left out. @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  piece.lastIndex = 0;
  for (let found = piece.exec(header); found !== null; found = piece.exec(header)) {
    const { name = '', quoted, plain } = found.groups ?? {};
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else Object.assign(challenges.at(-1)?.parameters ?? {}, { [name.toLowerCase()]: value });
  }
  return challenges;
}
