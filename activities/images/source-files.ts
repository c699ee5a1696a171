import { wrongPath } from '../../store/archive-rules.ts';
import { refused } from './refused.ts';

/** A directory of code as the plan of an image sees it. Paths are relative to it, with `/`; `.` is itself. */
export interface SourceFiles {
  /** What is there; `other` is a link, and what is behind one. Undefined: nothing. */
  kind(path: string): 'file' | 'directory' | 'other' | undefined;
  /** The text of a file; undefined: there is none. @throws RelaunchError LaunchRejected where it is too large */
  read(path: string): string | undefined;
}

/** A directory within it. */
export const below = (files: SourceFiles, directory: string): SourceFiles => ({
  kind: (path) => files.kind(joined(directory, path)),
  read: (path) => files.read(joined(directory, path)),
});

/** A path below a directory, both as {@link innerPath} answers them. */
export function joined(directory: string, path: string): string {
  if (directory === '.') return path;
  return path === '.' ? directory : `${directory}/${path}`;
}

/** A path that a submitter wrote, without `./` and what else says nothing. @throws RelaunchError LaunchRejected where it leads out of the source */
export function innerPath(field: string, written: string): string {
  const path = written
    .split('/')
    .filter((segment, index) => segment !== '.' && (segment !== '' || index === 0))
    .join('/');
  // eslint-disable-next-line no-control-regex
  const wrong = /[\u0000-\u001f\u007f]/.test(path) ? 'it contains a control character' : wrongPath(path || 'x');
  if (wrong === undefined) return path || '.';
  throw refused(`${field} is ${JSON.stringify(written.slice(0, 200))}: a path within the source, but ${wrong}`);
}

/** The text of a file that a submitter named; `hint` says from where its path counts. @throws RelaunchError LaunchRejected */
export function fileNamed(files: SourceFiles, path: string, field: string, hint = ''): string {
  const text = files.read(path);
  if (text !== undefined) return text;
  const what =
    files.kind(path) !== undefined ? `${path} is no file (but a directory or a link)` : `there is no file ${path}`;
  throw refused(`${field}: ${what} in the source${hint}`);
}
