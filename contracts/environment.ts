import type { Plan } from './plan.ts';

/** W&B cuts WANDB_CONFIG into numbered pieces above this many characters: the longest argument that some backends take. */
const longestWandbConfig = 32_670;

export interface JobContext {
  plan: Plan;
  attempt: number;
  /** Lasts over the attempts of a run; unset where a backend has none. */
  checkpointDir: string | undefined;
}

/** The environment that every job finds, on every backend: design.md section 4. The submitter's own comes first, ours over it. */
export function jobEnvironment({ plan, attempt, checkpointDir }: JobContext): Record<string, string> {
  const resumed = attempt > 1;
  const config = JSON.stringify(plan.runConfig);
  return {
    WANDB_RUN_ID: plan.run,
    WANDB_NAME: plan.name,
    WANDB_PROJECT: plan.project,
    WANDB_ENTITY: plan.entity,
    WANDB_LAUNCH: 'True',
    ...(plan.sweep === undefined ? {} : { WANDB_SWEEP_ID: plan.sweep }),
    ...wandbConfig(config),
    ...(resumed ? { WANDB_RESUME: 'allow' } : {}),
    WANDB_LAUNCH_QUEUE_NAME: plan.queue,
    WANDB_LAUNCH_QUEUE_ENTITY: plan.entity,
    WANDB_LAUNCH_TRACE_ID: plan.run,
    ...plan.env,
    RELAUNCH_RUN_ID: plan.run,
    RELAUNCH_RUN_NAME: plan.name,
    RELAUNCH_ATTEMPT: String(attempt),
    RELAUNCH_QUEUE: plan.queue,
    RELAUNCH_PROJECT: plan.project,
    ...(plan.sweep === undefined ? {} : { RELAUNCH_SWEEP_ID: plan.sweep }),
    RELAUNCH_CONFIG: config,
    RELAUNCH_RESUMED: resumed ? '1' : '0',
    ...(checkpointDir === undefined ? {} : { RELAUNCH_CHECKPOINT_DIR: checkpointDir }),
  };
}

function wandbConfig(config: string): Record<string, string> {
  if (config.length <= longestWandbConfig) return { WANDB_CONFIG: config };
  return Object.fromEntries(pieces(config).map((piece, i) => [`WANDB_CONFIG_${String(i)}`, piece]));
}

function pieces(text: string): string[] {
  const cuts = [0];
  for (let at = 0; at < text.length; cuts.push(at)) {
    at += longestWandbConfig;
    // A character of two halves goes into one piece: half of it would not survive in an environment.
    if (/[\ud800-\udbff]/.test(text.charAt(at - 1))) at -= 1;
  }
  return cuts.slice(0, -1).map((start, i) => text.slice(start, cuts[i + 1]));
}
