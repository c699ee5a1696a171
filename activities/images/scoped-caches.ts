import { sha256Hex } from '../../contracts/hash.ts';
import { instructionsOf, linesOf, type Instruction } from './dockerfile-instructions.ts';

/**
 * A Dockerfile whose cache mounts are its project's own: an engine shares them by id, with whoever else builds on it. Lines keep their
 * numbers. `scope`: as in a request for an image.
 */
export function withScopedCaches(dockerfile: string, scope: string): string {
  const lines = linesOf(dockerfile);
  const prefix = `relaunch-${sha256Hex(scope).slice(0, 32)}-`;
  let isChanged = false;
  for (const instruction of instructionsOf(dockerfile)) {
    const rest = scopedRun(instruction, prefix);
    if (rest === instruction.rest) continue;
    isChanged = true;
    const { line, end } = instruction;
    const empty = Array<string>(end - line - 1).fill('#');
    lines.splice(line, end - line, ...empty, `RUN ${rest}`);
  }
  return isChanged ? lines.join('\n') : dockerfile;
}

function scopedRun({ keyword, rest }: Instruction, prefix: string): string {
  if (keyword !== 'RUN') return rest;
  const [flags = ''] = /^(?:--\S+\s+)*/.exec(rest) ?? [];
  return (
    flags.replace(/--mount=(["']?)(\S*?)\1(?=\s)/g, (flag, quote: string, mount: string) => {
      const options = mount.split(',');
      if (!options.some((option) => /^type=cache$/i.test(option))) return flag;
      return `--mount=${quote}${scoped(options, prefix).join(',')}${quote}`;
    }) + rest.slice(flags.length)
  );
}

/** The id of a cache is its target, unless it says another. */
function scoped(options: readonly string[], prefix: string): string[] {
  const valueOf = (names: RegExp): string | undefined =>
    options.find((option) => names.test(option))?.replace(/^[^=]*=/, '');
  const id = valueOf(/^id=/i) ?? valueOf(/^(target|dst|destination)=/i) ?? '';
  return [...options.filter((option) => !/^id=/i.test(option)), `id=${prefix}${id}`];
}
