import { posix } from 'node:path';
import { ignorePattern, type IgnorePattern } from './ignore-pattern.ts';
import { refused } from './refused.ts';
import type { SourceFiles } from './source-files.ts';

/** Whether a path of a build's context is left out of it. */
export type Ignore = (path: string) => boolean;

/** A path is compared with all of them. */
const mostCharacters = 16_384;

/**
 * What a `.dockerignore` at the root of a build's context leaves out; `<Dockerfile>.dockerignore` beside a Dockerfile wins over it.
 * @see https://docs.docker.com/build/concepts/context/#dockerignore-files
 * @throws RelaunchError LaunchRejected naming the malformed line
 */
export function dockerignoreOf(context: SourceFiles, dockerfile?: string): Ignore {
  const names = [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), '.dockerignore'];
  for (const name of names) {
    const text = context.read(name);
    if (text !== undefined) return dockerignore(text, name);
  }
  return () => false;
}

interface Rule {
  isException: boolean;
  matches: IgnorePattern;
}

/** The rules of one file: the last one that matches a path, or a directory that it is in, decides. */
export function dockerignore(text: string, name = '.dockerignore'): Ignore {
  if (text.length > mostCharacters) {
    throw refused(`${name} has more than ${String(mostCharacters)} characters`);
  }
  const rules = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((line, index) => ruleOf(line, `${name} line ${String(index + 1)}`));
  const directories = new Map<string, readonly boolean[]>();
  const directory = (path: string): readonly boolean[] => {
    const known = directories.get(path);
    if (known !== undefined) return known;
    const matched = matching(path);
    directories.set(path, matched);
    return matched;
  };
  /** Which rules match a path, or a directory that it is in. */
  const matching = (path: string): readonly boolean[] => {
    const parent = posix.dirname(path);
    const above = parent === '.' ? [] : directory(parent);
    return rules.map(({ matches }, index) => above[index] === true || matches(path));
  };
  return (path) => rules[matching(path).lastIndexOf(true)]?.isException === false;
}

function ruleOf(line: string, where: string): Rule[] {
  const written = line.trim();
  if (line.startsWith('#') || written === '') return [];
  const isException = written.startsWith('!');
  const pattern = cleaned(isException ? written.slice(1).trim() : written);
  const isNothing = pattern === '' || (isException && pattern === '/');
  const matches = isNothing ? undefined : ignorePattern(pattern);
  if (matches !== undefined) return [{ isException, matches }];
  throw refused(`${where} is no pattern: ${JSON.stringify(written.slice(0, 100))}`);
}

function cleaned(pattern: string): string {
  if (pattern === '') return '';
  const path = posix.normalize(pattern).replace(/(?<=.)\/$/, '');
  return path.replace(/^\/(?=.)/, '');
}
