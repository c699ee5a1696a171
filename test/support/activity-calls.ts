import type { Info } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect } from 'vitest';
import { isRetryable, type FailureType } from '../../contracts/failures.ts';

type WhyCancelled = ConstructorParameters<typeof ActivityCancellationDetails>[0];

/** An activity under way. */
export interface Started<R> {
  result: Promise<R>;
  /** What the server, or the worker, tells the activity. */
  cancel(why: WhyCancelled): void;
}

const silent = new DefaultLogger('ERROR', () => undefined);

/** Starts an activity as a worker would, in an environment of its own: a cancellation of one reaches no other. */
export function startActivity<A extends unknown[], R>(
  info: Partial<Info>,
  activity: (...args: A) => Promise<R>,
  ...args: A
): Started<R> {
  const environment = new MockActivityEnvironment(info, { logger: silent });
  const result = environment.run<A, R, (...args: A) => Promise<R>>(activity, ...args);
  // Whoever waits for it sees the failure.
  result.catch(() => undefined);
  return {
    result,
    cancel: (why) => {
      environment.cancel('CANCELLED', new ActivityCancellationDetails(why));
    },
  };
}

/** The info of an activity that no workflow called. */
export const standalone: Partial<Info> = { inWorkflow: false, ...({ workflowExecution: undefined } as object) };

/** Matches what a workflow gets to see: an ApplicationFailure of a type, retried or not as its type says. */
export const failure = (type: FailureType, message?: string): unknown =>
  expect.objectContaining({
    name: 'ApplicationFailure',
    type,
    nonRetryable: !isRetryable(type),
    ...(message === undefined ? {} : { message: expect.stringContaining(message) as string }),
  });
