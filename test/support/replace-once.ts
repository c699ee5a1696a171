/** @throws Error where what is to be replaced is not there exactly once: a mutant that is the original proves nothing */
export function replaceOnce(code: string, from: string, to: string): string {
  const found = code.split(from).length - 1;
  if (found !== 1) throw new Error(`${JSON.stringify(from)} is in the bundle ${String(found)} times, not once`);
  return code.replace(from, () => to);
}
