/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals. */
  keyword: string;
  /** What follows, its lines joined, without comments. */
  rest: string;
}

/** A directive of the parser, which counts only above everything else. @see https://docs.docker.com/reference/dockerfile/#parser-directives */
export const directive = /^\s*#\s*([a-z]\w*)\s*=\s*(.+?)\s*$/i;

const isComment = (line: string): boolean => /^\s*#/.test(line);

/** The lines of a Dockerfile, without their ends. */
export const linesOf = (text: string): string[] => text.replace(/^\ufeff/, '').split(/\r?\n/);

/** Reads a Dockerfile as BuildKit does: continued lines, comments between them, heredocs. What is no instruction is answered as it is. */
export function instructionsOf(text: string): Instruction[] {
  const lines = linesOf(text);
  const escape = escapeOf(lines);
  const instructions: Instruction[] = [];
  for (let line = 0; line < lines.length;) {
    const { joined, end } = logicalLine(lines, line, escape);
    const [, keyword, rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(joined) ?? [];
    if (keyword !== undefined) {
      instructions.push({ keyword: keyword.toUpperCase(), rest: rest.trim() });
    }
    line = keyword === undefined ? end : afterHeredocs(lines, end, keyword.toUpperCase(), rest);
  }
  return instructions;
}

function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value = ''] = directive.exec(line) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === 'escape') return value === '`' ? '`' : '\\';
  }
  return '\\';
}

function logicalLine(lines: readonly string[], start: number, escape: string): { joined: string; end: number } {
  let joined = '';
  let end = start;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? '';
    if (isComment(line)) {
      if (joined === '') return { joined: '', end: end + 1 };
      continue;
    }
    const continued = /^(.*?)[ \t]*$/s.exec(line)?.[1] ?? '';
    const isContinued = continued.endsWith(escape) && !continued.endsWith(escape + escape);
    if (!isContinued && line.trim() === '' && joined !== '') continue;
    joined += isContinued ? continued.slice(0, -1) : line;
    if (!isContinued) return { joined, end: end + 1 };
  }
  return { joined, end };
}

const withHeredocs = new Set(['RUN', 'COPY', 'ADD']);

function afterHeredocs(lines: readonly string[], start: number, keyword: string, rest: string): number {
  if (!withHeredocs.has(keyword)) return start;
  let line = start;
  for (const [, dash, , name] of rest.matchAll(/(?<![<\w])\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2/g)) {
    const isEnd = (each: string): boolean => (dash === '' ? each : each.replace(/^\t+/, '')) === name;
    while (line < lines.length && !isEnd(lines[line] ?? '')) line++;
    line++;
  }
  return Math.min(line, lines.length);
}
