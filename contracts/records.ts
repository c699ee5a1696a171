import { z } from 'zod';
import { stopArgument } from './activities.ts';
import { archiveDigest } from './source.ts';

/**
 * `attempts/<n>/claim.json`: on a host-bound backend the agent that alone may create the attempt.
 * A tombstone says that nobody may any more.
 */
export const claim = z.union([
  z.object({ agent: z.string(), follow: z.string(), uid: z.string() }),
  z.object({ tombstone: z.literal(true) }),
]);
export type Claim = z.infer<typeof claim>;

/** `attempts/<n>/asked.json`: what was asked of an attempt, before anything of it was touched. The first one holds. */
export const asked = stopArgument;
export type Asked = z.infer<typeof asked>;

/** `image.json`: what a run's source became, and what runs in it. */
export const imageRecord = z.object({
  /** `repository@sha256:...` */
  image: z.string(),
  /** In place of the plan's; empty: the image's own. */
  entrypoint: z.array(z.string()),
});
export type ImageRecord = z.infer<typeof imageRecord>;

/** `base.json`: what a run's code is mounted on, in all of its attempts. */
export const baseRecord = imageRecord.pick({ image: true });

/** `git/<key>.json`: what code a commit is. */
export const commitRecord = z.object({ digest: archiveDigest });

/** `built.json`: what a builder has made for a run, and not pushed yet. The last one holds. */
export const builtRecord = imageRecord.pick({ entrypoint: true }).extend({
  /** Where it is pushed to. */
  repository: z.string(),
  /** Its tag there, and on its builder's engine. */
  key: z.string(),
});
export type BuiltRecord = z.infer<typeof builtRecord>;

/** `agents/<agent>.lease`: which process goes by this name. `runs/<run>/removal.lease`: which one removes the run. */
export const lease = z.object({
  hostId: z.string(),
  pid: z.int(),
  /** Within which the pid says who it is. Without: of an older version. */
  pidSpace: z.string().optional(),
  /** Of one process: in containers, hosts and pids of the next one are the same. */
  nonce: z.string().optional(),
  /** ISO 8601; stale after 60 s. */
  renewedAt: z.string(),
});
export type Lease = z.infer<typeof lease>;

/** `agents/<agent>.status.json`: what an agent says of itself; written when that changes. */
export const agentStatus = z.object({
  queues: z.array(z.string()),
  /** Undefined: as many as come. */
  maxJobs: z.int().optional(),
  /** Attempts that it has started and that have not ended. */
  live: z.int(),
  /** It takes nothing more. */
  draining: z.boolean(),
});
export type AgentStatus = z.infer<typeof agentStatus>;

/** `drains/<agent>.json`: that an agent is to take nothing more, for as long as it is there. */
export const agentDrain = z.object({
  by: z.string(),
  reason: z.string().optional(),
  /** Its runs give the machine back, and go on elsewhere. */
  preempt: z.boolean(),
  /** ISO 8601. */
  at: z.string(),
});
export type AgentDrain = z.infer<typeof agentDrain>;

/** `entity.json`: whose store this is. Another server, or one that began anew, knows nothing of its runs. */
export const entityRecord = z.object({ namespace: z.string(), namespaceId: z.string() });
export type EntityRecord = z.infer<typeof entityRecord>;

/** What was seen of a pod on its way and cannot be read from its end any more. */
export const firstSeen = z.object({
  /** The first reason that it was to be disrupted for: Kubernetes' DisruptionTarget. */
  disruption: z.object({ reason: z.string(), at: z.string().optional(), message: z.string().optional() }).optional(),
  /** When its deletion was first asked for, while it was alive. ISO 8601. */
  deletion: z.string().optional(),
});
export type FirstSeen = z.infer<typeof firstSeen>;

/** `attempts/<n>/first.json`: by the pod's uid. Grows; what is in it stays. */
export const firstsSeen = z.record(z.string(), firstSeen);
export type FirstsSeen = z.infer<typeof firstsSeen>;
