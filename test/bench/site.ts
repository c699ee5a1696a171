import type { Cluster } from '../support/cluster.ts';

/** Where latencies are measured: one agent of the process backend, with places enough, serves one queue. */
export interface Site {
  cluster: Cluster;
  queue: string;
  /** How many of each. */
  samples: number;
  /** Tells how far it is. */
  say(what: string): void;
}
