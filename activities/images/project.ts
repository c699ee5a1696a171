import { entryScript, withInterpreter, type EntryScript } from './entry-script.ts';
import type { ImageRequest } from './image-request.ts';
import { scriptOf } from './notebook.ts';
import { refused } from './refused.ts';
import { below, fileNamed, innerPath, type SourceFiles } from './source-files.ts';
import { withoutCredentials } from '../../contracts/url-credentials.ts';

/** The part of a source that an image is made of. */
export interface Project {
  /** Its directory within the source; `.` is the source. */
  context: string;
  /** From that directory. */
  files: SourceFiles;
  /** Where the command starts, from that directory. */
  workingDir: string;
  /** What the command runs of it. */
  script: EntryScript | undefined;
}

/** @throws RelaunchError LaunchRejected where a directory that is named is not there */
export function projectOf(source: SourceFiles, { entrypoint, overrides, job }: ImageRequest): Project {
  const context = directoryNamed(source, 'buildContext', overrides.buildContext ?? job?.buildContext);
  const files = below(source, context);
  const workingDir = directoryNamed(files, 'workingDir', overrides.workingDir, countedFrom(context));
  return { context, files, workingDir, script: entryScript(entrypoint, files, workingDir) };
}

/** From where the paths of a project count, for the end of a sentence. */
export const countedFrom = (context: string): string =>
  context === '.' ? '' : `, seen from its directory ${context} (buildContext)`;

function directoryNamed(files: SourceFiles, field: string, written = '.', hint = ''): string {
  const path = innerPath(field, written);
  if (path === '.' || files.kind(path) === 'directory') return path;
  const what = files.kind(path) === undefined ? `there is no directory ${path}` : `${path} is no directory`;
  throw refused(`${field}: ${what} in the source${hint}`);
}

/** A command for which we make the environment. */
export interface Command {
  words: string[];
  /** To be added to the project. */
  files: Record<string, string>;
  warnings: string[];
}

/**
 * A command as it is run where no Dockerfile of the user's says how: with an interpreter, and of a notebook that it names alone or after
 * `python` the script that it makes. Notebooks that other programs get, such as papermill, stay as they are.
 * @throws RelaunchError LaunchRejected where there is no such notebook
 */
export function commandOf({ files, script, context }: Project, entrypoint: readonly string[]): Command {
  const index = /^python[\d.]*$/.test(entrypoint[0] ?? '') ? 1 : 0;
  const word = entrypoint[index] ?? '';
  if (!word.endsWith('.ipynb')) return { words: withInterpreter(entrypoint), files: {}, warnings: [] };
  const path = script?.index === index ? script.path : word;
  const { script: text, dropped } = scriptOf(path, fileNamed(files, path, 'entrypoint', countedFrom(context)));
  return {
    words: withInterpreter(entrypoint.with(index, `${word}.py`)),
    files: { [`${path}.py`]: text },
    warnings: dropped.map((line) => {
      const shown = JSON.stringify(withoutCredentials(line).text.slice(0, 100));
      return `${path}: ${shown} is left out, it is not Python`;
    }),
  };
}
