import { directive, linesOf } from './dockerfile-instructions.ts';
import { refused } from './refused.ts';

/**
 * A Dockerfile without its `# syntax=` lines: they would have the engine fetch a frontend from Docker Hub, and its own knows `--mount`.
 * Empty comments take their places, so that lines keep their numbers; `# escape=` comes first, since directives end with other comments.
 * @throws RelaunchError LaunchRejected where it begins as newer engines read a syntax line, too, and no Dockerfile does
 * @see https://github.com/moby/buildkit frontend/dockerfile/parser/directives.go
 */
export function withoutSyntax(text: string): string {
  const lines = linesOf(text);
  const top = lines.findIndex((line) => !/^\s*(#|$)/.test(line));
  const [odd] = /^\s*(\/\/|\{)/.exec(lines[top] ?? '') ?? [];
  if (odd !== undefined)
    throw refused(`the Dockerfile begins with "${odd.trim()}": begin it with an instruction, or a comment (#)`);
  const head = lines.slice(0, top < 0 ? lines.length : top);
  const isSyntax = (line: string): boolean => nameOf(line) === 'syntax';
  if (!head.some(isSyntax)) return text;
  const emptied = head.map((line) => (isSyntax(line) ? '#' : line));
  const escape = head.findIndex((line) => nameOf(line) === 'escape');
  const counts = escape > 0 && head.slice(0, escape).every((line) => nameOf(line) !== undefined);
  const moved = counts ? emptied.with(0, emptied[escape] ?? '').with(escape, emptied[0] ?? '') : emptied;
  return [...moved, ...lines.slice(head.length)].join('\n');
}

const nameOf = (line: string): string | undefined => directive.exec(line)?.[1]?.toLowerCase();
