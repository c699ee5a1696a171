import { systemReason } from './system-errors.ts';

/** What an error of the AWS SDK has, beside its message. */
interface S3Error extends Error {
  $metadata?: { httpStatusCode?: number; attempts?: number };
}

const named = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

export const isMissing = (error: unknown): boolean => named(error, 'NoSuchKey', 'NotFound');

/** There is an object, and not a byte in it. */
export const isEmpty = (error: unknown): boolean => named(error, 'InvalidRange');

/** A condition of a write does not hold; of one on a version also where there is none. */
export const isUnmet = (error: unknown): boolean => named(error, 'PreconditionFailed') || isMissing(error);

/** Two wrote at once: S3 does not say who was first, only that this one has to try again. */
export const isConflict = (error: unknown): boolean => named(error, 'ConditionalRequestConflict', 'OperationAborted');

/** Of an upload in parts that is completed, or was given up. */
export const isUploadGone = (error: unknown): boolean => named(error, 'NoSuchUpload');

/** Whether it was sent more than once: an earlier one may have been carried out, and its answer was lost. */
export const wasRepeated = (error: unknown): boolean => ((error as S3Error).$metadata?.attempts ?? 1) > 1;

const expired = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'];
const unknown = ['InvalidAccessKeyId', 'InvalidToken', 'SignatureDoesNotMatch', 'UnrecognizedClientException'];
const none = ['CredentialsProviderError', 'TokenProviderError'];
const elsewhere = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'];

/** Whether other credentials would help. */
export const isOfCredentials = (error: unknown): boolean => named(error, ...expired, ...unknown, ...none);

/** Why S3 did not do it, and what to do. `who` asked, and `where`. */
export function s3Reason(error: unknown, who: string, where: string): string {
  if (!(error instanceof Error)) return String(error);
  const status = (error as S3Error).$metadata?.httpStatusCode;
  const said = `${error.name}: ${error.message.replace(/\s+/g, ' ').trim()}`;
  if (named(error, ...expired)) return `the credentials of ${who} have expired: renew them (${said})`;
  if (named(error, ...unknown)) return `${where} does not accept the credentials of ${who}: correct them (${said})`;
  if (named(error, ...none))
    return `there are no credentials of ${who}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${said})`;
  if (named(error, 'AccessDenied') || status === 403)
    return `${who} may not: docs/store.md has the rights that it needs (${said})`;
  if (named(error, 'NoSuchBucket')) return `${where} has no such bucket: create it, or correct RELAUNCH_STORE`;
  if (/^region (is missing|not accepted)/i.test(error.message))
    return `the region of the bucket is not known: set AWS_REGION (${said})`;
  if (named(error, ...elsewhere) || status === 301)
    return `the bucket is not in ${where}: set AWS_REGION to its region (${said})`;
  if (status !== undefined) return `${where} answered ${String(status)}, ${said}`;
  return `${where} cannot be reached: ${systemReason(error instanceof AggregateError ? error.errors[0] : error)}`;
}
