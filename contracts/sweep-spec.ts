import { z } from 'zod';
import { launchSpec, plainText } from './launch-spec.ts';
import { numWorkers } from './sweep-workers.ts';
import { isListed, leavesOf, parameterTree } from './parameters.ts';

/** A value that trials are compared by: the last one that they print under this name. */
const metric = z.strictObject({
  name: z.string('the name of a metric').min(1, 'not empty'),
  goal: z.enum(['minimize', 'maximize']).default('minimize'),
  /** A trial that gets there ends the search; those that run go on. */
  target: z.number().optional(),
});
export type Metric = z.output<typeof metric>;

/** A run from outside the sweep that counts as one of its trials: a grid leaves out its point. */
const priorRun = z.strictObject({
  run: z.string(),
  config: z.record(z.string(), z.json()),
});

/**
 * A search over parameters: the input of the workflow `sweep`. Hostile until it has been checked. W&B's sweep files become this by
 * contracts/wandb-sweep.ts.
 */
export const sweepSpec = z
  .strictObject({
    name: plainText(128).optional(),
    description: z.string().max(10_000).optional(),
    /** `grid`: every combination once; `random`: drawn anew for each trial. */
    method: z.enum(['grid', 'random']),
    parameters: parameterTree,
    metric: metric.optional(),
    /** The same seed draws the same points. */
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0),
    /** Exactly so many trials, if there are as many points. */
    runCap: z.int().min(1, '1 or more').optional(),
    /** Runs in flight at once. Default: the queue's, else 8. */
    numWorkers: numWorkers.optional(),
    /** So many failed trials are borne; with one more, no other trial is started. Default: any number. */
    maxFailures: z.int().min(0, '0 or more').optional(),
    /** So many failures one after the other, by the time they came, and no other trial is started. Default: any number. */
    maxConsecutiveFailures: z.int().min(1, '1 or more').optional(),
    prior: z.array(priorRun).max(1_000, 'at most 1000 runs').default([]),
    /** What each trial is, but for its configuration. Words of the entry point may be macros: contracts/trial-command.ts. */
    launch: launchSpec,
  })
  .check((context) => {
    const { method, parameters } = context.value;
    if (method !== 'grid') return;
    for (const [path, distribution] of leavesOf(parameters)) {
      if (isListed(distribution)) continue;
      const message = `a grid takes values without probabilities, a constant, int_uniform or q_uniform`;
      context.issues.push({ code: 'custom', input: distribution, path: ['parameters', ...inGroups(path)], message });
    }
  });

export type SweepSpecInput = z.input<typeof sweepSpec>;
export type SweepSpec = z.output<typeof sweepSpec>;

/** The path of a parameter in a spec: between two names stands `parameters`. */
const inGroups = (path: readonly string[]): string[] =>
  path.flatMap((name, i) => (i === 0 ? [name] : ['parameters', name]));
