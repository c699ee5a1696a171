import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { label } from '../../activities/backends/labels.ts';
import { createQueue, result, type RunEnd } from '../../client/index.ts';
import { launchWorkflowType } from '../../contracts/messages.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { uploadArchive } from '../../store/archive.ts';
import { ImageScene } from '../support/image-scene.ts';
import { paxBefore, rawArchive, type RawEntry } from '../support/raw-tar.ts';
import { readTree } from '../../scripts/testbed/trees.ts';

vi.setConfig({ maxConcurrency: 30 });

let scene: ImageScene;
/** Where nothing of an archive may ever come. */
let outside: string;
let since: number;

const home = (...path: string[]): string => join(scene.cluster.home, ...path);

beforeAll(async () => {
  scene = await ImageScene.start(['box']);
  const { cluster } = scene;
  cluster.env['TMPDIR'] = home('tmp');
  outside = home('outside');
  for (const directory of [outside, home('tmp')]) await mkdir(directory);
  await writeFile(join(outside, 'kept'), 'as it was');
  await createQueue(cluster.relaunch.store, 'bare', { backend: 'process' });
  await cluster.agentOf(await scene.agentFile('box', {}, ['box', 'bare']));
  since = Date.now() / 1_000;
}, 300_000);

afterAll(() => scene.stop());

/** How code gets to run. */
const ways = {
  built: () => ({ queue: 'box', dockerfile: 'Dockerfile' }),
  mounted: () => ({ queue: 'box', baseImage: scene.testbed.images.busybox, entrypoint: ['sh', 'run.sh'] }),
  unpacked: () => ({ queue: 'bare', entrypoint: ['sh', 'run.sh'] }),
};
type Way = keyof typeof ways;

const made: RawEntry = { path: 'made', body: 'made' };

/** What comes behind good files, and what is said of it. */
const attacks: Record<string, { parts: () => (RawEntry | Uint8Array)[]; words: string }> = {
  upwards: {
    parts: () => [paxBefore({ path: `${'../'.repeat(30)}${outside.slice(1)}/upwards` }, made)],
    words: 'it has an empty segment, "." or ".."',
  },
  absolute: { parts: () => [paxBefore({ path: join(outside, 'absolute') }, made)], words: 'it is absolute' },
  symlink: {
    parts: () => [
      paxBefore({ linkpath: outside }, { path: 'out', flag: '2', linkpath: 'x' }),
      { path: 'out/linked', body: 'made' },
    ],
    words: 'it is a symbolic link out of the tree',
  },
  hardlink: {
    parts: () => [paxBefore({ linkpath: join(outside, 'kept') }, { path: 'kept', flag: '1', linkpath: 'x' })],
    words: 'it is a Link',
  },
  device: { parts: () => [{ path: 'null', flag: '3' }], words: 'it is a CharacterDevice' },
  large: { parts: () => [{ path: 'zeros', size: 8_000_000_000 }], words: 'the files are larger than 1073741824 bytes' },
  endless: { parts: () => [Buffer.alloc(1_000_000)], words: 'it goes on after its end' },
};

/** Puts an archive made by hand into the store, and launches it past the client. */
async function launch(name: string, way: Way, parts: (RawEntry | Uint8Array)[]): Promise<RunEnd> {
  const { relaunch } = scene.cluster;
  const { busybox } = scene.testbed.images;
  const archive = rawArchive(
    { path: 'Dockerfile', body: `FROM ${busybox}\nCOPY . /${scene.repository}\nENTRYPOINT ["echo"]\n` },
    { path: 'run.sh', body: `touch ${home('ran')}-$RELAUNCH_RUN_ID || true` },
    ...parts,
  );
  await uploadArchive(relaunch.store, archive);
  const workflowId = `${scene.repository}-${name}-${way}`;
  const spec = { source: { code: { digest: archive.digest } }, ...ways[way]() };
  const options = { args: [spec], taskQueue: controlTaskQueue, workflowId };
  await relaunch.temporal.workflow.start(launchWorkflowType, options);
  return result(relaunch, workflowId);
}

const everyWay = Object.keys(ways) as Way[];

test.concurrent.each(Object.keys(attacks).flatMap((attack) => everyWay.map((way) => [attack, way] as const)))(
  'an archive by hand (%s) that is to be %s is refused in one sentence',
  async (attack, way) => {
    const { parts, words } = attacks[attack] ?? expect.fail();
    const end = await launch(attack, way, parts());
    expect(end).toMatchObject({ state: 'failed', requeues: 0, failure: { type: 'LaunchRejected' } });
    const sentence = /^code\/[0-9a-f]{64}\.tar\.gz in store \S+ is not used: (.*); if it should be good, remove it .*$/;
    expect(sentence.exec(end.failure?.message ?? '')?.[1]).toContain(words);
  },
);

test.concurrent.each(everyWay)('one that has nothing but files, to be %s, runs', async (way) => {
  expect(await launch('good', way, [])).toMatchObject({ state: 'succeeded' });
});

test('of what was refused nothing was built or started, and nothing is left, here or where it wanted to go', async () => {
  expect(await readTree(outside)).toEqual({ kept: 'as it was' });
  const good = (way: Way): string => `${scene.repository}-good-${way}`;
  expect((await readdir(home())).filter((name) => name.startsWith('ran-'))).toEqual([`ran-${good('unpacked')}`]);
  const { tagged, created } = await engineEvents();
  expect(tagged).toHaveLength(1);
  expect(created.sort()).toEqual([good('built'), good('mounted')]);
  await expect.poll(left, { timeout: 20_000 }).toEqual([]);
});

interface EngineEvent {
  Actor: { Attributes: Record<string, string> };
}

/** Names of images that this scene's agent has made, and the runs that it has made containers for. */
async function engineEvents(): Promise<{ tagged: string[]; created: string[] }> {
  const asked = await scene.docker.getEvents({
    ...{ since, until: Date.now() / 1_000 },
    filters: { type: ['image', 'container'], event: ['tag', 'create'] },
  });
  const lines = await text(asked);
  const events = lines
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as EngineEvent).Actor.Attributes);
  const ours = (values: (string | undefined)[]): string[] =>
    values.filter((value) => value?.includes(scene.repository) === true) as string[];
  return {
    tagged: ours(events.map((each) => (label.run in each ? undefined : each['name']))),
    created: ours(events.map((each) => each[label.run])),
  };
}

/** What is on this host besides records, and what lasts over the attempts of a run. */
async function left(): Promise<string[]> {
  const inside = await readdir(home('process', 'default'), { recursive: true });
  const temporary = [home('tmp'), home('builds', 'box'), home('submits', 'box')];
  return [
    ...(await Promise.all(temporary.map((directory) => readdir(directory)))).flat(),
    ...inside.filter((path) => !/^[^/]+(\/checkpoint)?$/.test(path)),
  ];
}
