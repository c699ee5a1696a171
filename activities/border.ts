import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { isRetryable, RelaunchError } from '../contracts/failures.ts';

/** Turns what an activity throws into what the workflow reads: our types, and whether trying again can help. */
export function atBorder<A extends unknown[], R>(activity: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** Exported for its test. */
export function toFailure(error: unknown): Error {
  if (isShutdown(error)) {
    return ApplicationFailure.create({
      type: 'AgentStopped',
      message: 'the agent stopped; the next one goes on where it was',
      // Else the back-off would grow with every restart of an agent.
      nextRetryDelay: '500ms',
    });
  }
  if (error instanceof TemporalFailure) return error;
  if (error instanceof RelaunchError) {
    return ApplicationFailure.create({
      type: error.type,
      message: error.message.toWellFormed(),
      nonRetryable: !isRetryable(error.type),
      ...(error.cause instanceof Error ? { cause: error.cause } : {}),
    });
  }
  if (isSystemError(error) || error instanceof ServiceError) {
    return ApplicationFailure.create({
      type: 'BackendUnavailable',
      message: error.message.toWellFormed(),
      cause: error,
    });
  }
  // A fault of ours: trying again would hide it for ever.
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return ApplicationFailure.create({
    type: name,
    message: `internal error: ${message}`.toWellFormed(),
    nonRetryable: true,
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** The message is the SDK's contract: see `shutdownGraceTime` of its WorkerOptions. */
function isShutdown(error: unknown): boolean {
  return error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN';
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Runs work with a heartbeat each second, so that a dead agent is noticed and a cancellation arrives. Hands the work the activity's signal. */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    heartbeat();
  }, 1_000);
  try {
    return await work(cancellationSignal());
  } finally {
    clearInterval(timer);
  }
}

/** The workflow that an activity works for. @throws RelaunchError AttemptRefused where there is none */
export function callingWorkflow(): { entity: string; workflowId: string; runId: string; taskQueue: string } {
  const { workflowExecution, namespace, taskQueue } = activityInfo();
  if (workflowExecution === undefined) {
    throw new RelaunchError(
      'AttemptRefused',
      'this activity works for the workflow that calls it; started alone it does nothing',
    );
  }
  return { entity: namespace, ...workflowExecution, taskQueue };
}
