import { RelaunchError } from '../contracts/failures.ts';

const longestKey = 1_024;
const longestSegment = 255;

/**
 * Proves that a key stays inside its store: a relative path of plain segments. Those that begin with `.` are the store's own.
 * @throws RelaunchError LaunchRejected: keys are made of checked names, so that this one is somebody's attempt or our mistake.
 */
export function checkKey(key: string): void {
  const wrong = wrongKey(key);
  if (wrong !== undefined) {
    throw new RelaunchError(
      'LaunchRejected',
      `${JSON.stringify(key.slice(0, 200))} is not a key of a store: ${wrong}. Keys are relative paths such as runs/<run>/plan.json`,
    );
  }
}

/** The same for what {@link Store.list} takes: '' for everything, or a key with a `/` behind it. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : `${prefix}/`);
}

/** Whether a store can have an object of that name. */
export const isKey = (key: string): boolean => wrongKey(key) === undefined;

const wrongKey = (key: string): string | undefined =>
  key.length > longestKey ? `longer than ${String(longestKey)} characters` : wrongSegment(key.split('/'));

function wrongSegment(segments: string[]): string | undefined {
  for (const segment of segments) {
    if (segment === '') return 'it has an empty segment';
    if (segment.startsWith('.')) return `the segment "${segment}" begins with a dot`;
    if (/[\\\0]/.test(segment)) return 'it contains a backslash or a NUL character';
    if (Buffer.byteLength(segment) > longestSegment) return `a segment is longer than ${String(longestSegment)} bytes`;
  }
  return undefined;
}
