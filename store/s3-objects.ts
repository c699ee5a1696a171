import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isConflict, isEmpty, isMissing, isUnmet, isUploadGone, wasRepeated } from './s3-errors.ts';
import type { S3Session } from './s3-session.ts';
import type { StoredObject } from './store.ts';

/** Where an object is. */
export interface Target {
  Bucket: string;
  Key: string;
}

/** What a write is bound to: that nothing is there, or this version. */
export type Condition = { IfNoneMatch: '*' } | { IfMatch: string } | undefined;

/** How often a body that breaks off is read anew, and a write that was in another's way is made again. */
const mostTries = 5;
const tryAgainMs = 100;

/** Says in an object's metadata which write made it. */
const writeMark = 'relaunch-write';

export async function readWhole({ s3 }: S3Session, target: Target): Promise<StoredObject | undefined> {
  for (let tries = 1; ; tries++) {
    const found = await s3.getObject(target).catch(unlessMissing);
    if (found === undefined) return undefined;
    try {
      return { bytes: (await found.Body?.transformToByteArray()) ?? new Uint8Array(), etag: found.ETag ?? '' };
    } catch (error) {
      if (tries === mostTries) throw error;
      await delay(tryAgainMs * tries);
    }
  }
}

/** What is known of an object. Asked by GET: HEAD does not say why it refuses, nor whether the object or the bucket is missing. */
export async function look(
  { s3 }: S3Session,
  target: Target,
): Promise<{ LastModified?: Date | undefined; Metadata?: Record<string, string> | undefined } | undefined> {
  try {
    const found = await s3.getObject({ ...target, Range: 'bytes=0-0' });
    // The byte is of no interest: some servers send the checksum of all with it.
    await found.Body?.transformToByteArray().catch(() => undefined);
    return found;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!isEmpty(error)) throw error;
    return s3.headObject(target).catch(unlessMissing);
  }
}

/**
 * Answers whether it wrote. A write that is repeated because no answer came finds what the first one wrote, and is known by its mark.
 */
export async function write(
  session: S3Session,
  target: Target,
  bytes: Uint8Array,
  condition?: Condition,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const mark = randomUUID();
    try {
      await session.put({ ...target, Body: bytes, Metadata: { [writeMark]: mark }, ...condition });
      return true;
    } catch (error) {
      const mayBeOurs = wasRepeated(error) && (isUnmet(error) || isUploadGone(error));
      if (mayBeOurs && (await look(session, target))?.Metadata?.[writeMark] === mark) return true;
      if (condition !== undefined && isUnmet(error)) return false;
      if (!isConflict(error) || tries === mostTries) throw error;
      await delay(tryAgainMs * tries * Math.random());
    }
  }
}

/** The keys that begin with `Prefix`, without it; with a delimiter, the parts of them up to it. */
export async function namesUnder(
  { s3 }: S3Session,
  input: { Bucket: string; Prefix: string; Delimiter?: '/' },
): Promise<string[]> {
  const found: (string | undefined)[] = [];
  for await (const { Contents = [], CommonPrefixes = [] } of s3.paginateListObjectsV2(input))
    found.push(
      ...(input.Delimiter === undefined ? Contents.map(({ Key }) => Key) : CommonPrefixes.map((each) => each.Prefix)),
    );
  return found.flatMap((key) => key?.slice(input.Prefix.length) ?? []);
}

const unlessMissing = (error: unknown): undefined => {
  if (isMissing(error)) return undefined;
  throw error;
};
