import { RelaunchError } from '../contracts/failures.ts';
import { isKey } from './keys.ts';

/** Where a store is in S3. */
export interface S3Place {
  /** `s3://bucket/prefix`, without a slash at the end. */
  url: string;
  bucket: string;
  /** In front of each key: '' or `prefix/`. */
  prefix: string;
}

const longestPrefix = 256;

/** @throws RelaunchError LaunchRejected if the URL is not `s3://bucket` or `s3://bucket/prefix` */
export function s3PlaceOf(url: string): S3Place {
  const [, bucket = '', path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/is.exec(url) ?? [];
  const prefix = path.replace(/\/+$/, '');
  // What would be a setting or an escape in a URL is no part of a name here, so that nobody takes it for one.
  const isPlain = prefix === '' || (isKey(prefix) && prefix.length <= longestPrefix && !/[?#%\s]/.test(prefix));
  if (bucket === '' || bucket !== bucket.toLowerCase() || !isPlain) {
    throw new RelaunchError(
      'LaunchRejected',
      `store "${url}" is not s3://<bucket>/<prefix>, as in s3://team-runs/relaunch: the name of a bucket, and a plain path of at most ${String(longestPrefix)} characters or none. Region, endpoint and credentials come from AWS_REGION, AWS_ENDPOINT_URL_S3 and the like`,
    );
  }
  return prefix === ''
    ? { url: `s3://${bucket}`, bucket, prefix: '' }
    : { url: `s3://${bucket}/${prefix}`, bucket, prefix: `${prefix}/` };
}
