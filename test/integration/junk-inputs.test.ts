import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { result } from '../../client/index.ts';
import { packDirectory, uploadArchive } from '../../store/archive.ts';
import { Cluster } from '../support/cluster.ts';
import { halfCharacter, json, junkArguments, nested, payload } from '../support/junk.ts';
import { failedTasks, startRaw } from '../support/raw-workflow.ts';

let cluster: Cluster;
let digest: string;

beforeAll(async () => {
  cluster = await Cluster.start({ laptop: { gracePeriod: '2s' } });
  const packed = await packDirectory(join(cluster.home, 'code'));
  ({ digest } = packed);
  await uploadArchive(cluster.relaunch.store, packed);
  await cluster.agent('one', ['laptop'], 20);
}, 120_000);

afterAll(() => cluster.stop());

const good = (more: object = {}): object => ({
  queue: 'laptop',
  source: { code: { digest } },
  entrypoint: ['sh', '-c', 'echo hello'],
  ...more,
});

/** A good spec with text put in behind its last field, as JSON. */
const goodWith = (text: string): string => `${JSON.stringify(good()).slice(0, -1)},${text}}`;

const keys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${String(i)}`, i]));

const almostTheLimit = 1_900_000;

test.concurrent.each(Object.entries(junkArguments))('%s for a spec is refused', async (name, payloads) => {
  await refused(`junk, ${name}`, payloads);
});

test.concurrent.each<[string, () => ReturnType<typeof payload>, RegExp]>([
  ['no queue', () => json({ ...good(), queue: undefined }), /^queue is missing/],
  ['a queue that is a list', () => json(good({ queue: ['laptop'] })), /^queue is \["laptop"\]/],
  ['a queue that is a path', () => json(good({ queue: '../laptop' })), /^queue is "..\/laptop"/],
  ['an unknown field', () => json(good({ surprise: 1 })), /^surprise is 1: not a known field/],
  ['a user of half a character', () => json(good({ user: halfCharacter })), /half of a surrogate pair/],
  ['a field named by half a character', () => json(good({ [halfCharacter]: 1 })), /half of a surrogate pair/],
  ['a value that is cut within a character', () => json(good({ queue: `a${'😀'.repeat(90)}` })), /^queue is/],
  ['lists in lists in lists', () => payload(nested(almostTheLimit / 2)), /nested more than/],
  [
    'a configuration that is nested deep',
    () => payload(goodWith(`"runConfig":{"a":${nested(100_000)}}`)),
    /nested more/,
  ],
  ['an unknown field that is nested deep', () => payload(goodWith(`"surprise":${nested(100_000)}`)), /nested more/],
  ['very many unknown fields', () => json({ ...good(), ...keys(100_000) }), /more than 20000 values/],
  ['many unknown fields', () => json({ ...good(), ...keys(19_000) }), /^k0 is 0: not a known field/],
  ['many variables with bad names', () => json(good({ env: keys(19_000) })), /^env.k0 is 0/],
  ['many arguments that are numbers', () => json(good({ args: Array(19_000).fill(1e20) })), /^args.0 is/],
  ['one huge text', () => json('x'.repeat(almostTheLimit)), /more than 500000 characters/],
  [
    'one huge name of a field',
    () => json({ ...good(), ['x'.repeat(almostTheLimit)]: 1 }),
    /more than 500000 characters/,
  ],
  [
    'numbers that grow when they are written',
    () => payload(goodWith(`"runConfig":{"a":[${'1e20,'.repeat(300_000)}1]}`)),
    /more than/,
  ],
  ['huge binary data', () => payload(Buffer.alloc(almostTheLimit, 1), 'binary/plain'), /binary/],
])('a spec with %s is refused in words', { timeout: 60_000 }, async (name, spec, words) => {
  expect(await refused(`spec with ${name}`, [spec()])).toMatch(words);
});

async function refused(workflowId: string, payloads: ReturnType<typeof payload>[]): Promise<string> {
  const handle = await startRaw(cluster.relaunch.temporal, workflowId, payloads);
  const { state, attempts, failure } = await result(cluster.relaunch, workflowId);
  expect({ state, attempts, type: failure?.type }).toEqual({ state: 'failed', attempts: [], type: 'LaunchRejected' });
  expect(failure?.message.length).toBeGreaterThan(20);
  expect(await failedTasks(handle)).toEqual([]);
  return failure?.message ?? '';
}

test.concurrent.each<[string, () => ReturnType<typeof payload>[]]>([
  ['more arguments than there are', () => [json(good()), json('and'), payload('{{{')]],
  ['a large configuration', () => [json(good({ runConfig: { a: 'x'.repeat(100_000) } }))]],
  [
    'names that are no ASCII',
    () => [json(good({ name: '数据 😀', user: 'grüße', project: '..', tags: ['__proto__'] }))],
  ],
  ['a configuration named after prototypes', () => [payload(goodWith('"runConfig":{"__proto__":1,"constructor":2}'))]],
])('a run with %s runs', async (name, payloads) => {
  const handle = await startRaw(cluster.relaunch.temporal, `runs with ${name}`, payloads());
  expect((await result(cluster.relaunch, handle.workflowId)).state).toBe('succeeded');
  expect(await failedTasks(handle)).toEqual([]);
});
