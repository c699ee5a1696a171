import { cutVariable } from './cut-variable.ts';
import type { Plan } from './plan.ts';

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
    ...cutVariable('WANDB_CONFIG', config),
    ...(plan.files === undefined ? {} : cutVariable('WANDB_LAUNCH_FILE_OVERRIDES', JSON.stringify(plan.files))),
    ...(plan.artifacts === undefined ? {} : { WANDB_ARTIFACTS: JSON.stringify(plan.artifacts) }),
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
    ...cutVariable('RELAUNCH_CONFIG', config, isVariable(config) ? config.length : undefined),
    RELAUNCH_RESUMED: resumed ? '1' : '0',
    ...(checkpointDir === undefined ? {} : { RELAUNCH_CHECKPOINT_DIR: checkpointDir }),
  };
}

/** Linux takes no longer ones: 128 KiB, with name and end. */
const isVariable = (text: string): boolean => new TextEncoder().encode(text).length <= 131_000;
