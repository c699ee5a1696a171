const padded = (sequence: number): string => String(sequence).padStart(8, '0');

const runDir = (run: string): string => `runs/${run}/`;

const attemptsDir = (run: string): string => `${runDir(run)}attempts/`;

const attemptDir = (run: string, attempt: number): string => `${attemptsDir(run)}${String(attempt)}`;

/** Whose lines: those of an attempt, by its number, or those of the build of the run's image. */
export type LogOf = number | 'build';

const logDir = (run: string, of: LogOf): string =>
  of === 'build' ? `${runDir(run)}build-log/` : `${attemptDir(run, of)}/log/`;

const metricsDir = (run: string, of: LogOf): string =>
  of === 'build' ? `${runDir(run)}build-metrics/` : `${attemptDir(run, of)}/metrics/`;

const jobDir = (project: string, name: string): string => `jobs/${project}/${name}/`;

/** Where everything is: design.md section 7. */
export const keyOf = {
  queues: 'queues/',
  queue: (queue: string) => `queues/${queue}.yaml`,
  code: (digest: string) => `code/${digest}.tar.gz`,
  /** What code a commit is. `key`: of the commit and how it is packed. */
  commit: (key: string) => `git/${key}.json`,
  jobs: 'jobs/',
  jobsOf: (project: string) => `jobs/${project}/`,
  job: jobDir,
  jobVersion: (project: string, name: string, version: number) => `${jobDir(project, name)}v${String(version)}.json`,
  /** Beside a version that was deleted, so that its number is never another's. */
  jobDeletion: (project: string, name: string, version: number) =>
    `${jobDir(project, name)}v${String(version)}.deleted.json`,
  jobAliases: (project: string, name: string) => `${jobDir(project, name)}aliases.json`,
  entity: 'entity.json',
  runs: 'runs/',
  run: runDir,
  plan: (run: string) => `${runDir(run)}plan.json`,
  image: (run: string) => `${runDir(run)}image.json`,
  base: (run: string) => `${runDir(run)}base.json`,
  built: (run: string) => `${runDir(run)}built.json`,
  builds: 'builds/',
  build: (key: string) => `builds/${key}.lease`,
  removal: (run: string) => `${runDir(run)}removal.lease`,
  attempts: attemptsDir,
  /** How an attempt ended. Written once: whoever comes second takes what is there. */
  end: (run: string, attempt: number) => `${attemptDir(run, attempt)}.json`,
  claim: (run: string, attempt: number) => `${attemptDir(run, attempt)}/claim.json`,
  asked: (run: string, attempt: number) => `${attemptDir(run, attempt)}/asked.json`,
  first: (run: string, attempt: number) => `${attemptDir(run, attempt)}/first.json`,
  logs: logDir,
  log: (run: string, of: LogOf, sequence: number) => `${logDir(run, of)}${padded(sequence)}.jsonl`,
  logEnd: (run: string, of: LogOf) => `${logDir(run, of)}end.json`,
  metrics: metricsDir,
  metric: (run: string, of: LogOf, sequence: number) => `${metricsDir(run, of)}${padded(sequence)}.jsonl`,
  sweeps: 'sweeps/',
  sweepPlan: (sweep: string) => `sweeps/${sweep}/plan.json`,
  /** Who lives in a queue that has a limit. */
  slots: (queue: string) => `slots/${queue}/places.json`,
  /** The last failures of a queue that has a circuit breaker. */
  failures: (queue: string) => `slots/${queue}/failures.json`,
  agents: 'agents/',
  /** What an agent says of itself. */
  agentStatus: (agent: string) => `agents/${agent}.status.json`,
  drains: 'drains/',
  /** That an agent is to take nothing more: written by admins. */
  agentDrain: (agent: string) => `drains/${agent}.json`,
  agentLease: (agent: string) => `agents/${agent}.lease`,
} as const;
