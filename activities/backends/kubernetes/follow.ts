import type { FirstsSeen } from '../../../contracts/records.ts';
import type { AttemptRef, Sink, Verdict } from '../backend.ts';
import { AttemptLogs } from './attempt-logs.ts';
import { brokenStart } from './broken-start.ts';
import { Changes } from './changes.ts';
import { classify, needsEvents } from './classify.ts';
import { overdueAt } from './node-loss.ts';
import { annotation } from './labels.ts';
import { mainOf, type Snapshot } from './snapshot.ts';
import { hasEnded, isStopped } from './job-state.ts';
import { isTerminal } from './objects.ts';
import { phaseOf } from './phase.ts';
import type { Place, Seen } from './place.ts';
import type { PullSecrets } from './pull-secrets.ts';
import { checkOurs, eventsOf, readAttempt, readNodes } from './read-attempt.ts';
import { removeFinalizer } from './remove-finalizer.ts';
import { whyWaiting } from './why-waiting.ts';

/** The watch may be wrong, so each attempt is read anew this often. */
const reconcileMs = 300_000;
/** Between two looks at an attempt whose end is not told yet, though it looks ended. */
const suspectMs = 1_000;
/** Between two questions to the events of an attempt that waits: while they say nothing, and since they do. */
const [soonMs, lookAgainMs] = [5_000, 60_000];
/** A log ends a second after its container. */
const logPatienceMs = 5_000;

/** Follows an attempt to its end; see Backend.follow. The watch says when to look; each verdict comes from a read of its own. */
export async function followAttempt(
  place: Place,
  pulls: PullSecrets,
  ref: AttemptRef,
  sink: Sink,
  signal: AbortSignal,
): Promise<Verdict> {
  await place.synced(signal);
  const follower = new Follower(place, pulls, ref, sink, signal);
  try {
    return await follower.run();
  } finally {
    await follower.close();
  }
}

class Follower {
  readonly #place: Place;
  readonly #pulls: PullSecrets;
  readonly #ref: AttemptRef;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #changes: Changes;
  readonly #logs: AttemptLogs;
  #firsts: FirstsSeen = {};
  #kept = '';
  #reported = '';
  /** Nobody has said anything of this attempt yet. */
  #isFirst: boolean;
  #why: { text: string | undefined; until: number } = { text: undefined, until: 0 };
  /** Since when, in ms, a container does not start. */
  #brokenSince: number | undefined;

  constructor(place: Place, pulls: PullSecrets, ref: AttemptRef, sink: Sink, signal: AbortSignal) {
    this.#place = place;
    this.#pulls = pulls;
    this.#ref = ref;
    this.#sink = sink;
    this.#signal = signal;
    this.#isFirst = sink.cursor === undefined;
    this.#changes = new Changes(place, ref);
    this.#logs = new AttemptLogs(place, sink, signal);
  }

  async close(): Promise<void> {
    this.#changes.close();
    await this.#logs.close();
  }

  async run(): Promise<Verdict> {
    // What the watch has not seen may not be there at all.
    let readAt = this.#place.seen(this.#ref).job === undefined ? 0 : Date.now();
    for (let waitMs = 0; ;) {
      await this.#changes.next(waitMs, this.#signal);
      const seen = this.#place.seen(this.#ref);
      const broken = await this.#observe(seen);
      const looksEnded = mayHaveEnded(seen);
      const dueMs = readAt + (looksEnded ? 0 : reconcileMs) - Date.now();
      if (dueMs <= 0) {
        readAt = Date.now();
        const verdict = await this.#read();
        if (verdict !== undefined) return verdict;
      }
      if (broken !== undefined && broken.waitMs <= 0) return broken.verdict;
      waitMs = Math.min(
        looksEnded ? suspectMs : Math.max(suspectMs, Math.min(dueMs, overdueAt(seen.pods) - Date.now())),
        broken?.waitMs ?? Infinity,
        phaseOf(seen).phase === 'waiting' ? soonMs : Infinity,
      );
    }
  }

  /** One consistent read, and what it says. */
  async #read(): Promise<Verdict | undefined> {
    const seen = await readAttempt(this.#place, this.#ref, this.#signal, Infinity);
    checkOurs(seen.job, this.#ref, this.#place);
    await this.#observe(seen);
    const base: Snapshot = { ...seen, at: new Date().toISOString() };
    const nodes = await readNodes(this.#place, base, this.#signal);
    const events = needsEvents(base, this.#firsts)
      ? await eventsOf(this.#place, this.#ref, seen.pods.length === 0 ? undefined : seen.pods, this.#signal)
      : undefined;
    const snapshot = { ...base, nodes, ...(events === undefined ? {} : { events }) };
    if (classify(snapshot, this.#firsts) === undefined) {
      await this.#letGoOfSuspended(seen);
      return undefined;
    }
    await this.#logs.drained(logPatienceMs);
    const verdict = classify(snapshot, this.#firsts);
    if (verdict?.kind !== 'failed') return verdict;
    const lastWords = await this.#logs.lastWords(seen.pods, mainOf(seen.job, seen.pods));
    return classify({ ...snapshot, lastWords }, this.#firsts);
  }

  /** Keeps, reports and reads what there is. Answers a container that cannot start. */
  async #observe(seen: Seen): Promise<{ waitMs: number; verdict: Verdict } | undefined> {
    await this.#keep();
    await this.#warn(seen);
    this.#logs.follow(seen.pods, mainOf(seen.job, seen.pods));
    if (seen.job !== undefined || seen.pods.length > 0) this.#report(phaseOf(seen, await this.#whyWaiting(seen)));
    const broken = brokenStart(seen.pods);
    if (broken === undefined) this.#brokenSince = undefined;
    if (broken === undefined) return undefined;
    this.#brokenSince ??= Date.now();
    const { cause, message, node, pulledFrom } = broken;
    if (pulledFrom !== undefined) await this.#pulls.renew(this.#place, pulledFrom, this.#signal);
    const at = new Date().toISOString();
    return {
      waitMs: this.#brokenSince + broken.patienceMs - Date.now(),
      verdict: { kind: 'failed', cause, at, message, ...(node === undefined ? {} : { node }) },
    };
  }

  async #warn({ job }: Seen): Promise<void> {
    if (job === undefined || !this.#isFirst) return;
    this.#isFirst = false;
    const warnings = job.metadata.annotations?.[annotation.warnings] ?? '';
    for (const words of warnings.split('\n')) if (words !== '') await this.#logs.say(words);
  }

  #report(phase: ReturnType<typeof phaseOf>): void {
    const text = JSON.stringify(phase);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#sink.observed(phase);
  }

  /** Before anything else: what this saw may be gone with the next event. */
  async #keep(): Promise<void> {
    const seen = this.#place.firsts(this.#ref);
    const text = JSON.stringify(seen);
    if (text === this.#kept) return;
    this.#firsts = await this.#sink.keep(seen);
    this.#kept = text;
  }

  /** The events of a pod that waits are asked for now and then. */
  async #whyWaiting(seen: Seen): Promise<string | undefined> {
    if (phaseOf(seen).phase !== 'waiting') return undefined;
    if (Date.now() >= this.#why.until) {
      const why = await whyWaiting(this.#place, this.#ref, seen, this.#signal);
      this.#why = { text: why, until: Date.now() + (why === undefined ? soonMs : lookAgainMs) };
    }
    return this.#why.text;
  }

  /** A suspension ends pods, not the attempt: what is left of them is nobody's evidence. */
  async #letGoOfSuspended({ job, pods }: Seen): Promise<void> {
    if (job?.spec?.suspend !== true) return;
    for (const pod of pods.filter(isTerminal)) await removeFinalizer(this.#place, pod, this.#signal);
  }
}

/** Whether it is worth a read of its own. */
function mayHaveEnded({ job, pods }: Seen): boolean {
  if (job === undefined || pods.some(isTerminal) || overdueAt(pods) < Date.now()) return true;
  return isStopped(job) || hasEnded(job);
}
