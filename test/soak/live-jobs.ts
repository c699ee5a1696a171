import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Cluster } from '../support/cluster.ts';
import { jobPidsIn } from '../support/process-pids.ts';
import { countedMark } from './counted-job.ts';
import type { Findings } from './findings.ts';

/** A job as the system shows it: a session with the shell of a counted job in it. */
export interface LiveJob {
  run: string;
  attempt: number;
  session: number;
  host: string;
  queue: string;
}

const everyMs = 250;

/** All counted jobs of a cluster that live at the same moment: those that two looks, one after the other, both saw. */
export function liveJobs({ home }: Cluster): LiveJob[] {
  const first = new Set(look(home).map(({ session, pid }) => `${String(session)} ${String(pid)}`));
  const both = look(home).filter(({ session, pid }) => first.has(`${String(session)} ${String(pid)}`));
  // A shell that forks is two processes for a moment, in one session.
  return [...new Map(both.map((job) => [job.session, job])).values()];
}

function look(home: string): (LiveJob & { pid: number })[] {
  return jobPidsIn(home).flatMap((pid) => {
    try {
      return jobOf(pid, home) ?? [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function jobOf(pid: number, home: string): (LiveJob & { pid: number }) | undefined {
  const read = (file: string): string => readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  const [program, flag, text = ''] = read('cmdline').split('\0');
  if (program !== 'sh' || flag !== '-c' || !text.startsWith(countedMark)) return undefined;
  const stat = read('stat');
  const [, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const environment = read('environ').split('\0');
  const value = (name: string): string =>
    environment.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return {
    pid,
    session: Number(session),
    run: value('RELAUNCH_RUN_ID'),
    attempt: Number(value('RELAUNCH_ATTEMPT')),
    queue: value('RELAUNCH_QUEUE'),
    host: relative(home, value('RELAUNCH_CHECKPOINT_DIR')).split('/')[0] ?? '',
  };
}

/** Looks at all processes again and again until it is told to stop, and keeps the most that was seen. */
export class Watch {
  readonly #cluster: Cluster;
  readonly #timer: NodeJS.Timeout;
  readonly #most = { host: new Map<string, number>(), queue: new Map<string, number>() };
  readonly #doubles = new Set<string>();
  #looks = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#timer = setInterval(() => {
      this.#look();
    }, everyMs);
  }

  /** The most that lived on a host, or in a queue, at a time. */
  most(by: 'host' | 'queue', name: string): number {
    return this.#most[by].get(name) ?? 0;
  }

  stop(findings: Findings): void {
    clearInterval(this.#timer);
    findings.count('looks at all processes', this.#looks);
    for (const double of this.#doubles) findings.rule(false, double);
  }

  #look(): void {
    this.#looks++;
    const runs = new Map<string, LiveJob>();
    const live = liveJobs(this.#cluster);
    for (const job of live) {
      const other = runs.get(job.run);
      if (other !== undefined) {
        const both = [other, job].map(
          ({ attempt, session }) => `attempt ${String(attempt)} in session ${String(session)}`,
        );
        this.#doubles.add(`run ${job.run} lived twice at a time: ${both.join(' and ')}`);
      }
      runs.set(job.run, job);
    }
    for (const by of ['host', 'queue'] as const) {
      for (const [name, jobs] of Map.groupBy(live, (job) => job[by]))
        this.#most[by].set(name, Math.max(jobs.length, this.most(by, name)));
    }
  }
}
