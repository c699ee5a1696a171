import { getSystemErrorMap } from 'node:util';
import { RelaunchError } from '../contracts/failures.ts';

/** Whether an error of the system has one of these codes: `ENOENT`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Why the system refused, in its own words: `no space left on device (ENOSPC)`. */
export function systemReason(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return words === undefined ? message : `${words} (${code ?? String(errno)})`;
}

/** An error of the system as one of the store, to be tried again; ours as they are. */
export function storeUnavailable(what: string, cause: unknown): RelaunchError {
  if (cause instanceof RelaunchError) return cause;
  return new RelaunchError('StoreUnavailable', `${what}: ${systemReason(cause)}`, { cause });
}
