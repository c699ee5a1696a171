import { z } from 'zod';
import { durationMs } from './duration.ts';
import { timeouts } from './launch-spec.ts';
import { defaultRequeueOn, mostRequeues, requeuePolicy } from './requeue-policy.ts';
import { numWorkers } from './sweep-workers.ts';
import { backendOf } from './wandb.ts';

export const defaultGracePeriodMs = 60_000;
export const defaultAgentTimeoutMs = 600_000;

/**
 * What an admin writes into `queues/<queue>.yaml`: where the runs of a queue go, and within which bounds.
 * `requeue`, `gracePeriod` and `timeouts` are the defaults of its runs and the most that a run may ask for.
 */
export const queueSpec = z.strictObject({
  /** Our word or W&B's: `process`, `local-process`. */
  backend: z.string().transform(backendOf),
  /** Base configuration for each backend, under the backend's name; the backend checks it. */
  resourceArgs: z
    .record(z.string(), z.record(z.string(), z.json()))
    .transform((args) =>
      Object.fromEntries(Object.entries(args).map(([backend, value]) => [backendOf(backend), value])),
    )
    .default({}),
  requeue: z
    .strictObject({
      max: requeuePolicy.shape.max.default(mostRequeues),
      on: requeuePolicy.shape.on.default([...defaultRequeueOn]),
    })
    .prefault({}),
  gracePeriod: durationMs.default(defaultGracePeriodMs),
  timeouts: timeouts.default({}),
  /** `num_workers`: trials that each sweep has in flight, unless it asks for less. */
  scheduler: z.strictObject({ num_workers: numWorkers.optional() }).default({}),
  /** How long an agent may be silent before the attempts that only it can follow are given up as `lost{agent-lost}`. */
  agentTimeout: durationMs.default(defaultAgentTimeoutMs),
});

export type QueueSpecInput = z.input<typeof queueSpec>;
export type QueueSpec = z.output<typeof queueSpec>;
