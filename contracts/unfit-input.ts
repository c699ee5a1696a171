/** Parsing and writing JSON recurse, and a stack that overflows fails the workflow task for ever. */
const deepest = 100;
/** Each may be an issue of its own, and a workflow task has five seconds. */
const mostParts = 20_000;
/** In UTF-16 units, at most three bytes each: the input goes on to an activity, and Temporal takes 2 MB. */
const longest = 500_000;

/**
 * Why an input cannot even be looked at; undefined where a schema may parse it, and Temporal carry what is said about it.
 * It comes from a payload that anybody may have written, so that no part of it is sure to be small, flat or text.
 */
export function unfitness(input: unknown): string | undefined {
  if (ArrayBuffer.isView(input)) return 'the input is binary: it has to be one JSON object';
  const open: { value: unknown; depth: number }[] = [{ value: input, depth: 0 }];
  let parts = 0;
  let length = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string' && !value.isWellFormed()) return notText;
    if (typeof value !== 'object' || value === null) {
      length += (JSON.stringify(value) as string | undefined)?.length ?? 0;
    } else {
      if (depth >= deepest) return `the input is nested more than ${String(deepest)} levels deep`;
      const entries = Object.entries(value);
      parts += entries.length;
      if (parts > mostParts) return `the input has more than ${String(mostParts)} values`;
      for (const [key, inner] of entries) {
        if (!key.isWellFormed()) return notText;
        length += key.length;
        open.push({ value: inner, depth: depth + 1 });
      }
    }
    if (length > longest)
      return `the input has more than ${String(longest)} characters: large data belongs into the source`;
  }
  return undecodable(input);
}

/** What the payload converter makes of a payload that it cannot read (workflows/payload-converter.cjs), or somebody who writes the same. */
function undecodable(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('undecodable' in input)) return undefined;
  const why = input.undecodable;
  return `the input cannot be read: ${typeof why === 'string' && why.length < 300 ? why : 'its payload is no JSON'}`;
}

const notText = 'the input contains half of a surrogate pair, which is no text';
