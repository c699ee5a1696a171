import type { z } from 'zod';
import { RelaunchError } from '../contracts/failures.ts';
import type { NamedJob } from '../contracts/job-reference.ts';
import { readSpec } from '../contracts/read-spec.ts';
import type { StoredObject } from './store.ts';

/** Which job, of whichever version. */
export type JobName = Pick<NamedJob, 'project' | 'name'>;

/** Far more than a spec may have: what is larger is not even parsed. */
const mostBytes = 2_000_000;

export const encode = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);

/** What was read; undefined where it is no job, or are no aliases. */
export async function unlessDamaged<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof RelaunchError && error.type === 'LaunchRejected') return undefined;
    throw error;
  }
}

/** An object that somebody wrote, checked; `wrong`: the beginning of a sentence. @throws RelaunchError LaunchRejected */
export function parsed<T>({ bytes }: StoredObject, schema: z.ZodType<T>, wrong: string): T {
  if (bytes.byteLength > mostBytes) throw rejected(`${wrong}: it has more than ${String(mostBytes)} bytes`);
  const read = readSpec(schema, jsonOf(bytes, wrong));
  if ('spec' in read) return read.spec;
  throw rejected(`${wrong}: ${read.wrong.split('\n').slice(0, 3).join('; ')}`);
}

function jsonOf(bytes: Uint8Array, wrong: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new RelaunchError('LaunchRejected', `${wrong}: it is not JSON`, { cause });
  }
}

export const rejected = (message: string): RelaunchError => new RelaunchError('LaunchRejected', message);
