/** A process that runs: zombies do not. */
export interface RunningProcess {
  pid: number;
  /** Its process group. */
  group: number;
  /** Whether its environment, as it was when it began, has all the marks that were asked for. */
  marked: boolean;
}

/** What has to be known about processes, and what each system tells in its own way. */
export interface Platform {
  /** Changes whenever all processes are gone: with each start of the machine, and of the container we are in. */
  bootId(): Promise<string>;
  /** Whether a process runs that was started with this very argument. */
  hasArgument(pid: number, argument: string): Promise<boolean>;
  /** All running processes that we may see. `marks`: parts of an environment, `NAME=value`. */
  processes(marks: readonly string[]): Promise<RunningProcess[]>;
}
