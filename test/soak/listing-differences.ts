/** What there is of a cluster at a moment. */
export interface Listing {
  /** Command lines: whatever has our environment, and the children of our workers, also dead ones that nobody has waited for. */
  processes: string[];
  /** Files and directories, relative to the cluster's home. */
  files: string[];
  /** Open files by their paths, all else by kind with its count, for each worker. */
  open: Map<string, Map<string, number>>;
}

/** Connections come and go with polls and requests: this many more of them are none that were forgotten. */
const slack: Readonly<Record<string, number>> = { socket: 4, anon_inode: 2, pipe: 2 };

/** What a listing has that another had not, or the other way round, in words. */
export function differences(before: Listing, after: Listing, existing: readonly string[]): string[] {
  const compare = (what: string, was: readonly string[], is: readonly string[]): string[] => [
    ...is.filter((each) => !was.includes(each)).map((each) => `${what} left behind: ${each}`),
    ...was.filter((each) => !is.includes(each)).map((each) => `${what} gone: ${each}`),
  ];
  const open = [...after.open].flatMap(([worker, is]) =>
    [...is].flatMap(([kind, count]) => {
      const allowed = (before.open.get(worker)?.get(kind) ?? 0) + (slack[kind] ?? 0);
      return count > allowed ? [`${worker} has ${String(count)} open of ${kind}, allowed are ${String(allowed)}`] : [];
    }),
  );
  return [
    ...compare('process', before.processes, after.processes),
    ...compare('file', withoutRuns(before.files, existing), withoutRuns(after.files, existing)),
    ...open,
  ];
}

/** What a worker has open that is no file. */
export const opened = ({ open }: Listing, worker: string): string =>
  ['socket', 'anon_inode', 'pipe'].map((kind) => `${String(open.get(worker)?.get(kind) ?? 0)} ${kind}s`).join(', ');

/** An agent makes it when it starts its first run. */
const ofBackend = /^[^/]+\/process(\/default)?$/;

/** Those paths of a listing that do not belong to one of these runs: a run that still exists has records and a checkpoint. */
export function withoutRuns(files: readonly string[], runs: readonly string[]): string[] {
  const known = new Set(runs);
  return files.filter((path) => {
    if (ofBackend.test(path)) return false;
    const [, recorded] = /^store\/default\/runs\/([^/]+)/.exec(path) ?? [];
    const [, onHost] = /^[^/]+\/process\/default\/([^/]+)(?:\/checkpoint(?:\/.*)?)?$/.exec(path) ?? [];
    return !known.has(recorded ?? onHost ?? '');
  });
}
