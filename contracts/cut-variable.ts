/** W&B cuts its variables into numbered pieces above this many characters: the longest argument that some backends take. */
export const longestVariable = 32_670;

/** A variable of the environment; where its text is longer than `longest`, in pieces: `NAME_0`, `NAME_1`, ... One after the other they are the text. */
export function cutVariable(name: string, text: string, longest = longestVariable): Record<string, string> {
  if (text.length <= longest) return { [name]: text };
  return Object.fromEntries(pieces(text, longest).map((piece, i) => [`${name}_${String(i)}`, piece]));
}

function pieces(text: string, longest: number): string[] {
  const cuts = [0];
  for (let at = 0; at < text.length; cuts.push(at)) {
    at += longest;
    // A character of two halves goes into one piece: half of it would not survive in an environment.
    if (/[\ud800-\udbff]/.test(text.charAt(at - 1))) at -= 1;
  }
  return cuts.slice(0, -1).map((start, i) => text.slice(start, cuts[i + 1]));
}
