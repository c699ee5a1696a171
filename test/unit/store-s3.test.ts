import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { openStore } from '../../store/open-store.ts';
import { failsAs } from '../support/fails-as.ts';
import { s3Env } from '../support/s3-server.ts';

test.each([
  ['s3://team-runs', 's3://team-runs'],
  ['s3://team-runs/', 's3://team-runs'],
  ['s3://team.runs/relaunch/default/', 's3://team.runs/relaunch/default'],
  ['S3://team-runs/x', 's3://team-runs/x'],
])('%s is a store, at %s', (url, place) => {
  expect(openStore(url).url).toBe(place);
});

test.each([
  's3://',
  's3:///x',
  's3://Team/x',
  's3://b/x',
  's3://key:secret@bucket/x',
  's3://bucket:9000/x',
  's3://bucket/a//b',
  's3://bucket/../b',
  's3://bucket/.hidden',
  's3://bucket/a?region=eu-west-1',
  's3://bucket/a%2Fb',
  's3://bucket/a b',
  `s3://bucket/${'x/'.repeat(200)}x`,
])('%j is none', (url) => {
  expect(() => openStore(url)).toThrow(failsAs('LaunchRejected', /is not s3:\/\/<bucket>\/<prefix>/));
});

test('the SDK of AWS is loaded by the first use of a store on S3, and by nothing else', async () => {
  for (const [name, value] of Object.entries(s3Env('http://127.0.0.1:1'))) vi.stubEnv(name, value);
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
  const loaded = (): boolean =>
    Object.keys(createRequire(import.meta.url).cache).some((each) => each.includes('@aws-sdk/'));
  await openStore('file:///nowhere').get('a');
  const store = openStore('s3://team-runs/x');
  expect(loaded()).toBe(false);
  await expect(store.get('a')).rejects.toEqual(failsAs('StoreUnavailable'));
  expect(loaded()).toBe(true);
});
