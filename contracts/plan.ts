import { z } from 'zod';
import { pinnedGit } from './git-source.ts';
import { imageSpec, mounting } from './image-spec.ts';
import { artifacts, filePatches } from './job-inputs.ts';
import { requeuePolicy } from './requeue-policy.ts';
import { secretReference } from './secret-reference.ts';
import { pinnedSource } from './source.ts';

const timeoutsMs = z.object({ queue: z.int().optional(), start: z.int().optional(), run: z.int().optional() });

/** What the workflow needs to know of a plan: order and limits, nothing of the job. */
export const planSummary = z.object({
  run: z.string(),
  name: z.string(),
  project: z.string(),
  queue: z.string(),
  backend: z.string(),
  /** The version of a job that it is a run of: `vision/digits:v3`. */
  job: z.string().optional(),
  /** The commit that it is, for people. */
  git: pinnedGit.optional(),
  /** Its source has to become an image first. */
  needsImage: z.boolean().optional(),
  requeue: requeuePolicy,
  retries: z.int(),
  gracePeriodMs: z.int(),
  timeoutsMs,
  /** The queue's bound: `extendRunTimeout` may not go beyond it, and the agent enforces it. */
  maxRunTimeoutMs: z.int().optional(),
  agentTimeoutMs: z.int(),
  /** Temporal's priority of `submitAttempt`: 1 to 4, lower first. */
  priorityKey: z.int(),
  /** Whose runs take turns: the user, cut to the 64 bytes that Temporal takes. */
  fairnessKey: z.string().optional(),
  /** Turns that this user gets for each one of others. Default 1. */
  fairnessWeight: z.number().optional(),
});
export type PlanSummary = z.infer<typeof planSummary>;

/**
 * A spec that an agent has checked, merged with its queue and pinned. Complete: later steps look nothing up again.
 * Kept at `runs/<run>/plan.json`, where submitters cannot write; activities trust it and nothing else.
 */
export const plan = planSummary.omit({ git: true }).extend({
  workflowId: z.string(),
  /** Of the workflow's first execution: tells a reset from another workflow of the same id. */
  firstRunId: z.string(),
  entity: z.string(),
  /** Of the spec it was made from: the same run id with another spec is refused. */
  specDigest: z.string(),
  user: z.string().optional(),
  source: pinnedSource,
  /** How code becomes an image, where it has to. */
  build: imageSpec.optional(),
  /** How code runs on an image that is not made of it, where it does. */
  mounted: z.object({ spec: imageSpec, by: mounting }).optional(),
  /** Empty: the image's own. */
  entrypoint: z.array(z.string()),
  args: z.array(z.string()),
  runConfig: z.record(z.string(), z.json()),
  files: filePatches.optional(),
  artifacts: artifacts.optional(),
  /** The queue's, over them the submitter's. */
  env: z.record(z.string(), z.string()),
  /** The same of secrets, by variable. Whoever runs an attempt looks them up. */
  secrets: z.record(z.string(), secretReference).optional(),
  /** Of the queue's file that it was resolved with. */
  queueVersion: z.string().optional(),
  /** For the backend: what the queue had, and in it the values of its variables and what the submitter may set. */
  resourceArgs: z.record(z.string(), z.json()),
  tags: z.array(z.string()),
  sweep: z.string().optional(),
});
export type Plan = z.infer<typeof plan>;

export const summaryOf = (of: Plan): PlanSummary =>
  planSummary.parse({ ...of, ...('git' in of.source ? { git: of.source.git } : {}) });
