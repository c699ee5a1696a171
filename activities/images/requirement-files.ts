import { posix } from 'node:path';
import { wrongPath } from '../../store/archive-rules.ts';
import { refused } from './refused.ts';
import type { SourceFiles } from './source-files.ts';

/** What pip is to install, as files that need nothing of the source beside them. */
export interface RequirementFiles {
  /** By path: `requirements.txt` and what it refers to by `-r` and `-c`. */
  files: Record<string, string>;
  /** Lines that name directories of the source, such as `-e .`: they can be installed only where the code is. */
  local: string[];
  warnings: string[];
}

/** A line with those that continue it. */
const logicalLines = (text: string): string[] => text.match(/(?:[^\n]*\\\r?\n)*[^\n]*\n?/g)?.filter(Boolean) ?? [];

const unbroken = (line: string): string => line.replaceAll(/\s*\\\r?\n\s*/g, ' ').trim();

const toFile = /^\s*(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S+)/;
const toCode =
  /^\s*(?:(?:-e|--editable)(?:\s*=\s*|\s+))?(?:\.{1,2}(?:[/[\s]|$)|[\w.-]+\/[\w./+-]*(?:\s|$)|file:(?!\/\/))/;
const tooManyDashes = /(^|\s)-{3,}(?=(?:extra-)?index-url\b)/g;

/**
 * The requirements of a source and the files that they refer to. Options that nobody could have meant otherwise (`----index-url`, as
 * W&B's FAQ has it) are put right. @throws RelaunchError LaunchRejected naming the line that refers to what is not there or outside
 */
export function requirementFiles(source: SourceFiles, root = 'requirements.txt'): RequirementFiles {
  const found: RequirementFiles = { files: {}, local: [], warnings: [] };
  const waiting = [root];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (Object.hasOwn(found.files, path)) continue;
    const text = ownLines(path, source.read(path) ?? '', found);
    found.files[path] = text;
    waiting.push(...referredTo(path, text, source));
  }
  return found;
}

/** A file without the lines that need the code. */
function ownLines(path: string, text: string, { local, warnings }: RequirementFiles): string {
  const lines = logicalLines(text.replace(/^\ufeff/, '')).map((line) => {
    const options = /^\s*-/.test(line) ? line.replace(tooManyDashes, '$1--') : line;
    if (options !== line) warnings.push(`${path}: an option has more than two dashes, it is taken as one with two`);
    const whole = unbroken(options);
    if (!toCode.test(whole)) return options;
    local.push(whole);
    return `# ${whole}\n`;
  });
  return lines.join('');
}

function referredTo(path: string, text: string, source: SourceFiles): string[] {
  return logicalLines(text).flatMap((line) => {
    const [, written] = toFile.exec(unbroken(line)) ?? [];
    if (written === undefined || /^[a-z][a-z+]*:\/\//i.test(written)) return [];
    const target = posix.join(posix.dirname(path), written);
    const reason = written.startsWith('/') ? 'it is absolute' : wrongReference(target, source);
    if (reason === undefined) return [target];
    throw refused(`${path} refers to ${JSON.stringify(written.slice(0, 200))}, which cannot be used: ${reason}`);
  });
}

function wrongReference(target: string, source: SourceFiles): string | undefined {
  const wrong = wrongPath(target);
  if (wrong !== undefined) return 'it is outside the source';
  if (!/^[\w.+/-]+$/.test(target)) return 'names of such files have letters, digits and ". _ - +" only';
  return source.read(target) === undefined ? `there is no file ${target} in the source` : undefined;
}
