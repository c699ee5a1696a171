/**
 * How a run or an activity fails: the type of the ApplicationFailure, a contract for users and for the workflow.
 * Only the `*Unavailable` ones are retried: they say nothing about the run, only that we could not get at something.
 */
export const failureTypes = [
  'LaunchRejected',
  'RunIdTaken',
  'SourceUnavailable',
  'BuildFailed',
  'BuilderUnavailable',
  'RegistryDenied',
  'RegistryUnavailable',
  'AttemptRefused',
  'BackendUnavailable',
  'StoreUnavailable',
  'JobFailed',
  'JobPreempted',
  'JobLost',
  'PreemptionLimitReached',
  'QueueTimeout',
  'StartTimeout',
  'RunTimeout',
  'TooManyFailures',
] as const;
export type FailureType = (typeof failureTypes)[number];

export const isRetryable = (type: FailureType): boolean => type.endsWith('Unavailable');

/** An error with a type that workflow and users act on, and a sentence that says what to do. Adapters throw it; activities turn it into an ApplicationFailure. */
export class RelaunchError extends Error {
  override readonly name = 'RelaunchError';
  readonly type: FailureType;

  constructor(type: FailureType, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.type = type;
  }
}
