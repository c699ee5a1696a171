import type { AttemptOutcome } from '../../contracts/outcome.ts';
import type { ArgsRules } from '../../contracts/merge-queue.ts';
import type { Observation } from '../../contracts/messages.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { FirstsSeen } from '../../contracts/records.ts';
import type { SecretReference } from '../../contracts/secret-reference.ts';
import type { SourceKind } from '../../contracts/source.ts';

/** Which attempt. Everything of it, on any backend, can be found by this alone. */
export interface AttemptRef {
  entity: string;
  run: string;
  /** Numbered from 1. */
  attempt: number;
  /** attemptUid: an object of this attempt's name without it is somebody else's. */
  uid: string;
  /** Which of the places of its backend it is in, as {@link Backend.placeOf} says; undefined where a backend has but one. */
  place?: string;
}

/** What is to run. */
export interface Attempt {
  ref: AttemptRef;
  plan: Plan;
  /** The agent that creates it: its label. */
  agent: string;
  /** Puts the plan's source into an empty directory that exists. @throws RelaunchError LaunchRejected where it is not what it should be, StoreUnavailable */
  unpackSource(directory: string): Promise<void>;
  /** What the source is mounted on, by digest: the same in all attempts of its run. A tag stays where its registry says nothing. */
  pinned(image: string): Promise<string>;
  /** The secrets of its plan as the agent has them now. @throws RelaunchError AttemptRefused where it has not */
  secrets(): Promise<GivenSecret[]>;
  /** A directory of the agent's alone, there or not, for what is needed only while it submits: what one that was killed has left there goes. */
  workplace: string;
}

/** A secret that a job is given. */
export interface GivenSecret {
  /** The variable that has it, or with `_FILE` behind its path. */
  variable: string;
  as: SecretReference['as'];
  value: Buffer;
}

export interface JobLine {
  /** When it was written, or else read, ISO 8601. */
  t: string;
  s: 'stdout' | 'stderr';
  /** The container, where there are several. */
  c?: string;
  /** The text without its newline. */
  m: string;
}

/** Where a backend puts what it sees of an attempt on its way. */
export interface Sink {
  /** The cursor that came with the last line that is safe in the store: where to go on. Undefined: from the start. */
  readonly cursor: string | undefined;
  /** Takes a line; `cursor` is the backend's own mark of the place behind it. Waits where the store is slower than the job. */
  line(line: JobLine, cursor: string): Promise<void>;
  /** What the attempt was given as secrets: hidden in all lines from now on, and in the verdict. Before the first line. */
  hides(secrets: readonly Buffer[]): void;
  /** A new phase of the attempt. */
  observed(phase: Omit<Observation, 'attempt'>): void;
  /** Keeps what was seen of the attempt's pods and will be gone at its end; answers all that was ever kept, also by other followers. */
  keep(firsts: FirstsSeen): Promise<FirstsSeen>;
}

/** An end without what the follower adds: the activity names it by what was asked, and dates it. */
export type Verdict = AttemptOutcome;

/** A place where attempts run. Every method may be called again after a crash, and at once by two callers: names make them idempotent. */
export interface Backend {
  /** Our word for it; W&B's are contracts/wandb.ts' business. */
  readonly name: string;
  /** Only the host that created an attempt can follow it. */
  readonly hostBound: boolean;
  /** What it can run. */
  readonly sources: readonly SourceKind[];
  /** Checks `resourceArgs.<name>` of a queue. Answers what is wrong with it, in words; empty: nothing. */
  checkResourceArgs(resourceArgs: unknown): string[];
  /** Why code of a queue with these arguments cannot run here on an image that is not made of it, as {@link Plan.mounted} says; undefined: it can. */
  whyUnmounted(resourceArgs: unknown): string | undefined;
  /** What submitters may set of `resourceArgs.<name>`, and how that comes together with the queue's. */
  readonly submitters: ArgsRules;
  /** Where the attempts of a queue with these arguments are. */
  placeOf(resourceArgs: unknown): string | undefined;
  /** Proves that the backend can be reached for a queue with these arguments; from then on {@link list} looks there. @throws RelaunchError BackendUnavailable */
  check(resourceArgs: unknown, signal: AbortSignal): Promise<void>;
  /** Creates the attempt's object, or adopts it if this very attempt made it before. @throws RelaunchError BackendUnavailable to be retried, AttemptRefused not to be. */
  submit(attempt: Attempt, signal: AbortSignal): Promise<void>;
  /** Follows the attempt to its end; lines and phases go to `sink` on the way. Resolves with the verdict of one consistent read, when nothing of the attempt runs any more. Rejects with the signal's reason. */
  follow(ref: AttemptRef, sink: Sink, signal: AbortSignal): Promise<Verdict>;
  /** TERM, grace, KILL. Resolves when nothing of the attempt runs; records and removes nothing. */
  stop(ref: AttemptRef, graceMs: number, signal: AbortSignal): Promise<void>;
  /** Resolves when nothing of the attempt is left, apart from what lasts over the attempts of a run. Never touches an object that is not ours. */
  release(ref: AttemptRef, signal: AbortSignal, left?: Leaving): Promise<void>;
  /** What of an agent's attempts exists, and of nobody's, alive or ended: for permits and the janitor. */
  list(agent: string): Promise<Listed[]>;
  /** Whose attempts there are here, of agents that others may stand in for: none, where only the host of an attempt can end it. */
  agents(): Promise<string[]>;
  /** The runs of an entity of which something lasts here over their attempts, whoever's they are. */
  keeps(entity: string): Promise<string[]>;
  /** Removes what lasts over the attempts of a run, once it has none here any more. */
  forget(entity: string, run: string): Promise<void>;
  /** Lets go of connections: the agent ends. */
  close(): void;
}

/** An attempt that exists. */
export interface Listed {
  ref: AttemptRef;
  /** Something of it runs, or will. */
  live: boolean;
  /** When it was created, where the backend knows. ISO 8601. */
  since?: string;
}

/** What a release does about a job on a machine that does not answer: it forgets it although it may still run there, or it leaves it to be released again. */
export type Leaving = 'forget-unreachable' | 'leave-unreachable';
