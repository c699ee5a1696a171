import { isUtf8 } from 'node:buffer';

const stars = '****';

/** Shorter secrets, or lines of one, stand in too many other words. */
const shortest = 4;
/** The same of what is encoded: there a few letters say less. */
const shortestEncoded = 8;

/** Of a secret that is broken over two lines one piece has at least so much, or half of it. */
const piece = 8;
/** Halves of shorter ones stand in too many other words. */
const shortestBroken = 12;

/**
 * Puts stars where a line has one of these secrets: whole, a line of it, or as JSON, URLs and base64 have it, there also amid other bytes.
 * Of one that is broken over several lines no piece of eight characters is left at the end or the beginning of a line.
 */
export function masking(secrets: Iterable<string | Uint8Array>): (line: string) => string {
  const wholes = new Set([...secrets].flatMap((secret) => formsOf(Buffer.from(secret))));
  const lines = [...wholes].flatMap((form) => form.split(/\r?\n/).map((line) => line.trim()));
  const parts = new Set([...wholes, ...lines.flatMap((line) => [line, ...escaped(line)])]);
  const longestFirst = [...parts].filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length);
  const broken = [...wholes].filter(({ length }) => length >= shortestBroken).map(brokenOff);
  if (longestFirst.length === 0) return (line) => line;
  return (line) => {
    const hidden = longestFirst.reduce(
      (said, part) => (said.includes(part) ? said.replaceAll(part, stars) : said),
      line,
    );
    return broken.reduce((said, hide) => hide(said), hidden);
  };
}

/** A secret as it may be written. */
function formsOf(secret: Buffer): string[] {
  if (!isUtf8(secret)) return base64Of(secret);
  const text = secret.toString().trim();
  return [text, ...escaped(text), ...base64Of(Buffer.from(text))];
}

function escaped(text: string): string[] {
  const inUrl = encodeURIComponent(text.toWellFormed());
  return [JSON.stringify(text).slice(1, -1), inUrl, inUrl.replaceAll('%20', '+')];
}

/** As a whole, and what is the same of it whatever bytes come before and behind: a byte may begin at three places of a group. */
function base64Of(bytes: Buffer): string[] {
  const amid = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const isOpen = (shift + bytes.length) % 3 !== 0;
    return text.slice(shift === 0 ? 0 : shift + 1, isOpen ? -1 : undefined);
  });
  return [bytes.toString('base64'), ...amid]
    .filter(({ length }) => length >= shortestEncoded)
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Hides what a line has of a secret that goes on in the next line, or comes from the one before. */
function brokenOff(secret: string): (line: string) => string {
  const atLeast = Math.min(piece, Math.ceil(secret.length / 2));
  const [begins, ends] = [secret.slice(0, atLeast), secret.slice(-atLeast)];
  return (line) => {
    if (line.length < atLeast) return line;
    if (line.length < secret.length && secret.includes(line.trim()) && line.trim().length >= atLeast) return stars;
    return hideBeginning(hideEnd(line));
  };

  function hideEnd(line: string): string {
    for (let at = line.indexOf(begins, line.length - secret.length + 1); at !== -1; at = line.indexOf(begins, at + 1))
      if (secret.startsWith(line.slice(at))) return line.slice(0, at) + stars;
    return line;
  }

  function hideBeginning(line: string): string {
    for (
      let at = line.lastIndexOf(ends, secret.length - 1 - atLeast);
      at !== -1;
      at = at === 0 ? -1 : line.lastIndexOf(ends, at - 1)
    )
      if (secret.endsWith(line.slice(0, at + atLeast))) return stars + line.slice(at + atLeast);
    return line;
  }
}
