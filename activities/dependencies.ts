import type { Mounting } from '../contracts/image-spec.ts';
import type { Observation, Request } from '../contracts/messages.ts';
import type { AttemptOutcome } from '../contracts/outcome.ts';
import type { Store } from '../store/store.ts';
import type { Attended } from './attended.ts';
import type { Builder } from './images/builder.ts';
import type { ImagePins } from './images/pins.ts';
import type { GitSources } from './sources/git/git-sources.ts';
import type { AgentSecrets } from './secrets/agent-secrets.ts';
import type { AttemptRef, Backend } from './backends/backend.ts';

/** Counts live attempts against the agent's `maxJobs`. */
export interface Permits {
  /** About to create it, or found created. Again for the same attempt: no change. */
  started(ref: AttemptRef): void;
  /** Its submit is over, well or not: from now on the backend says whether it lives. */
  submitted(ref: AttemptRef): void;
  /** Nothing of it runs any more. */
  ended(ref: AttemptRef): void;
}

/** What holds of a queue over all of its agents: its `maxLive`, its circuit breaker. */
export interface Places {
  /** About to create it. Again for the same attempt: no change. @throws RelaunchError BackendUnavailable where its queue has no place for it */
  enter(queue: string, ref: AttemptRef): Promise<void>;
  /** Its end is recorded. Again for the same attempt: no change. */
  leave(queue: string, ref: AttemptRef, outcome: AttemptOutcome): Promise<void>;
}

/** What Temporal knows of an execution. */
export interface Execution {
  open: boolean;
  /** The run id of the first execution in its chain of resets: its own, if it was never reset. */
  firstRunId: string;
  /** Its `submitAttempt` is in nobody's hands. */
  waitsForSubmit?: boolean;
}

/** What activities ask Temporal about the workflow that they work for. */
export interface OwnWorkflow {
  observed(workflowId: string, runId: string, seen: Observation): Promise<void>;
  /** Asks a run to give its machine back. */
  preempt(workflowId: string, request: Request): Promise<void>;
  /** One execution, or the latest of a workflow id; undefined where there is none: deleted, or past its retention. */
  find(workflowId: string, runId?: string): Promise<Execution | undefined>;
}

/** What an agent's activities stand on. */
export interface AgentDependencies {
  /** The agent's name. */
  agent: string;
  store: Store;
  backends: readonly Backend[];
  /** How code runs that it resolves; undefined: images are made of it, by whomever. */
  mounting?: Mounting | undefined;
  /** A directory of its own, there or not, for what is needed only while it submits. */
  workplace: string;
  permits: Permits;
  places: Places;
  attended: Attended;
  ownWorkflow: OwnWorkflow;
  images: Pick<ImagePins, 'pin'>;
  git: Pick<GitSources, 'pin'>;
  secrets: Pick<AgentSecrets, 'give' | 'known'>;
  /** How long Temporal keeps closed workflows. */
  retentionMs: number;
  /** Called before and after every side effect and record; fault tests make it kill the process. */
  reached(point: KillPoint): Promise<void>;
}

/** What a builder's activities stand on. */
export interface BuilderDependencies extends Pick<AgentDependencies, 'agent' | 'store' | 'ownWorkflow' | 'reached'> {
  builder: Builder;
}

/** Where a worker may die: before and after each side effect and each record. Backends have points of their own. */
export type KillPoint = AttemptKillPoint | BuildKillPoint;

/** On the way of an attempt. */
export type AttemptKillPoint =
  | 'resolve:before-plan'
  | 'resolve:after-plan'
  | 'submit:after-place'
  | 'submit:before-claim'
  | 'submit:after-claim'
  | 'submit:after-create'
  | 'await:running'
  | 'await:before-record'
  | 'await:after-record'
  | 'await:after-release'
  | 'stop:before-asked'
  | 'stop:after-asked'
  | 'stop:after-stop'
  | 'release:before-tombstone'
  | 'release:after-tombstone'
  | 'release:after-record'
  | 'release:after-asked'
  | 'release:after-stop'
  | 'end:after-asked'
  | 'end:after-stop'
  | 'janitor:before-removal'
  | 'janitor:after-removal'
  | 'control:before-cancel'
  | 'control:after-cancel';

/** On the way of an image. */
export type BuildKillPoint = 'build:after-build' | 'build:after-record' | 'push:after-push' | 'push:after-record';
