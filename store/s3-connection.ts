import { RelaunchError } from '../contracts/failures.ts';
import { isOfCredentials, s3Reason } from './s3-errors.ts';
import type { S3Session, S3Times } from './s3-session.ts';

/** The way to a store in S3, which begins with its first use, and again when its credentials were refused. */
export class S3Connection {
  readonly #url: string;
  readonly #times: S3Times;
  #session: Promise<S3Session> | undefined;

  constructor(url: string, times: S3Times) {
    this.#url = url;
    this.#times = times;
  }

  /** Does `work`; `verb` and `what` are for the error: `read runs/a/plan.json`. @throws RelaunchError StoreUnavailable */
  async use<T>(verb: string, what: string, work: (session: S3Session) => Promise<T>): Promise<T> {
    const opened = (this.#session ??= import('./s3-session.ts').then(({ openS3Session }) =>
      openS3Session(this.#times),
    ));
    const session = await opened;
    try {
      return await work(session);
    } catch (cause) {
      if (isOfCredentials(cause) && this.#session === opened) this.#session = undefined;
      const reason = s3Reason(cause, await session.who(), await session.where());
      throw new RelaunchError('StoreUnavailable', `cannot ${verb} ${what} in ${this.#url}: ${reason}`, { cause });
    }
  }
}
