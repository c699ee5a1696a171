import { checkKey, checkPrefix, isKey } from './keys.ts';
import { S3Connection } from './s3-connection.ts';
import { look, namesUnder, readWhole, write, type Condition, type Target } from './s3-objects.ts';
import { s3PlaceOf } from './s3-place.ts';
import type { S3Session, S3Times } from './s3-session.ts';
import type { Store } from './store.ts';

/**
 * A store in a bucket, under a prefix of it, for everybody who has credentials. These, its region and its endpoint come from the environment
 * of this process, as for AWS's own tools. A server that is not AWS's must know `If-None-Match` and `If-Match` of PUT. What it puts off
 * (503, SlowDown) or does not answer is asked for three times (AWS_MAX_ATTEMPTS), and is StoreUnavailable then. So is what credentials
 * do not allow, or have expired for: with better ones all goes on.
 * @throws RelaunchError LaunchRejected if the URL is not `s3://<bucket>/<prefix>`.
 */
export function openS3Store(url: string, times: S3Times = {}): Store {
  const { bucket, prefix: root, url: ours } = s3PlaceOf(url);
  const connection = new S3Connection(ours, times);

  const use = async <T>(verb: string, key: string, work: (session: S3Session, target: Target) => Promise<T>) => {
    checkKey(key);
    return connection.use(verb, key, (session) => work(session, { Bucket: bucket, Key: `${root}${key}` }));
  };
  const put = (verb: string, key: string, bytes: Uint8Array, condition?: Condition) =>
    use(verb, key, (session, target) => write(session, target, bytes, condition));
  const names = async (prefix: string, more: { Delimiter?: '/' } = {}): Promise<string[]> => {
    checkPrefix(prefix);
    const input = { Bucket: bucket, Prefix: `${root}${prefix}`, ...more };
    return connection.use('list', prefix, (session) => namesUnder(session, input));
  };

  return {
    url: ours,
    get: (key) => use('read', key, readWhole),
    has: async (key) => (await use('look for', key, look)) !== undefined,
    modifiedAt: async (key) => (await use('look for', key, look))?.LastModified,
    // S3's console, for one, makes objects that stand for directories: they are not ours.
    list: async (prefix) =>
      (await names(prefix))
        .map((name) => `${prefix}${name}`)
        .filter(isKey)
        .sort(),
    folders: async (prefix) =>
      (await names(prefix, { Delimiter: '/' }))
        .map((name) => name.slice(0, -1))
        .filter(isKey)
        .sort(),
    put: async (key, bytes) => {
      await put('write', key, bytes);
    },
    putIfAbsent: (key, bytes) => put('write', key, bytes, { IfNoneMatch: '*' }),
    // An empty header is none.
    replaceIfMatch: (key, bytes, etag) => put('replace', key, bytes, { IfMatch: etag || '""' }),
    remove: async (key) => {
      await use('remove', key, ({ s3 }, target) => s3.deleteObject(target));
    },
  };
}
