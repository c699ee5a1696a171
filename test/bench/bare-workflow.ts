import { proxyActivities } from '@temporalio/workflow';

export interface BareActivities {
  first(): Promise<void>;
  second(): Promise<void>;
  third(): Promise<void>;
}

export const bareTaskQueue = 'bare';

const startToCloseTimeout = '1m';

/** As the SDK does it by itself: an activity of the worker's own comes with the answer to the workflow task, past the task queue. */
export async function bareEager(): Promise<void> {
  await three(proxyActivities<BareActivities>({ startToCloseTimeout }));
}

/** Each activity waits in its task queue for whoever polls: a queue of jobs needs that. */
export async function bareQueued(): Promise<void> {
  await three(proxyActivities<BareActivities>({ startToCloseTimeout, allowEagerDispatch: false }));
}

async function three({ first, second, third }: BareActivities): Promise<void> {
  await first();
  await second();
  await third();
}
