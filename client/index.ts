/** The typed client: everything a program needs to launch runs and to follow them. */
export { checkAccess, connect, readSettings, type Relaunch, type Settings } from './connect.ts';
export { deleteJob, jobDeletion, type JobDeletion } from './delete-job.ts';
export { readDevRecord, removeDevRecord, writeDevRecord, type DevRecord } from './dev-record.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export { follow, type FollowOptions, type RunEvent } from './follow.ts';
export {
  createJob,
  describeJob,
  listJobs,
  type CreatedJob,
  type JobNaming,
  type JobRow,
  type JobView,
} from './jobs.ts';
export { logs, type AttemptLine, type LogOptions } from './logs.ts';
export { cancel, extendRunTimeout, preempt } from './messages.ts';
export { drainAgent, listAgents, resumeAgent, showAgent, type AgentRow } from './agents.ts';
export { pauseQueue, resumeQueue } from './pausing.ts';
export {
  createQueue,
  describeQueue,
  listQueues,
  listQueueStates,
  type CreateQueueOptions,
  type QueueView,
} from './queues.ts';
export type { QueueRow, QueueState } from './queue-state.ts';
export { queueUsage, type QueueUsage, type QueueUsageOptions, type UserUsage } from './queue-usage.ts';
export {
  applyQueue,
  deleteQueue,
  queueText,
  saveQueue,
  type AppliedQueue,
  type QueueChange,
  type QueueFile,
} from './queue-files.ts';
export { remove } from './remove.ts';
export { removeSweep } from './remove-sweep.ts';
export { result, type RunEnd } from './result.ts';
export type { RunRow, ShownState } from './run-row.ts';
export { list, show, status, wait, type RunView } from './runs.ts';
export { submit, type Run, type SubmitOptions } from './submit.ts';
export { plannedSweep, priorRuns, type PlannedSweep } from './sweep-plan.ts';
export { submitSweep, type Sweep } from './sweep-submit.ts';
export {
  listSweeps,
  pauseSweep,
  progress,
  rerunFailedTrials,
  resumeSweep,
  setNumWorkers,
  showSweep,
  sweepResult,
  type SweepEnd,
  type SweepRow,
} from './sweeps.ts';
export { trials, type TrialRow } from './trials.ts';
export type { SweepResult } from '../contracts/sweep-result.ts';
export type { SweepSpecInput } from '../contracts/sweep-spec.ts';
export type { JobSpecInput } from '../contracts/job-spec.ts';
export type { Trouble } from './troubles.ts';
export { trafficOf, type QueueTraffic } from './traffic.ts';
export type { RunFilter } from './visibility.ts';
