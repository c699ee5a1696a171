import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Reflector, type ReflectorOptions } from '../../activities/backends/kubernetes/reflector.ts';
import { ScriptedApi, ScriptedCollection, type Listed } from '../support/scripted-api.ts';
import type { Exchange } from '../support/scripted-http.ts';
import { until } from '../support/until.ts';

const path = '/api/v1/namespaces/default/pods';

interface Scene {
  server: ScriptedApi;
  pods: ScriptedCollection;
  /** What was told, in order: `+name@version`, `-name`. */
  told: string[];
  failures: unknown[];
  reflector: Reflector<Listed>;
  lists(): Exchange[];
  watches(): Exchange[];
}

/** A reflector of what `prepare` puts there first. */
async function reflecting(
  prepare: (pods: ScriptedCollection, server: ScriptedApi) => void = () => undefined,
  options: Pick<ReflectorOptions<Listed>, 'silenceMs'> = {},
): Promise<Scene> {
  const server = await ScriptedApi.start();
  const pods = new ScriptedCollection(server, path);
  prepare(pods, server);
  const told: string[] = [];
  const failures: unknown[] = [];
  const reflector = new Reflector<Listed>({
    api: server.api,
    path,
    labelSelector: 'owner=me',
    changed: ({ metadata: { name, resourceVersion = '' } }, gone) =>
      void told.push(gone ? `-${name}` : `+${name}@${resourceVersion}`),
    failed: (error) => void failures.push(error),
    ...options,
  });
  onTestFinished(() => {
    reflector.stop();
  });
  const lists = () => server.requests(path).filter(({ isWatch }) => !isWatch);
  const watches = () => server.requests(path).filter(({ isWatch }) => isWatch);
  return { server, pods, told, failures, reflector, lists, watches };
}

/** Waits until the nth watch is there. */
const watching = ({ watches }: Scene, count = 1): Promise<Exchange> =>
  until(`watch ${String(count)}`, () => watches()[count - 1], 5_000, 5);

const tells = ({ told }: Scene, what: string): Promise<boolean> =>
  until(`${what} is told, of ${told.join(' ')}`, () => told.includes(what), 5_000, 5);

const fromVersion = ({ query }: Exchange): string | null => query.get('resourceVersion');

test('everything that is there is told once, of however many pages', async () => {
  const names = Array.from({ length: 1_201 }, (_, i) => `p${String(i)}`);
  const scene = await reflecting((pods) => {
    for (const name of names) pods.put(name);
  });
  await scene.reflector.synced;
  expect(scene.told.map((word) => word.replace(/@.*/, ''))).toEqual(names.map((name) => `+${name}`));
  expect(scene.lists().map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
    ['500', null],
    ['500', expect.stringMatching(/\/500$/)],
    ['500', expect.stringMatching(/\/1000$/)],
  ]);
  await watching(scene);
  expect(fromVersion(await watching(scene))).toBe('1301');
  expect(scene.server.requests(path).every(({ query }) => query.get('labelSelector') === 'owner=me')).toBe(true);
});

test('one list and one watch serve for all objects and all their changes', async () => {
  const scene = await reflecting((pods) => {
    for (let i = 0; i < 300; i++) pods.put(`p${String(i)}`);
  });
  await watching(scene);
  for (let i = 0; i < 300; i++) scene.pods.put(`p${String(i)}`);
  for (let i = 0; i < 300; i++) scene.pods.remove(`p${String(i)}`);
  await tells(scene, '-p299');
  expect(scene.told).toHaveLength(900);
  expect(scene.lists()).toHaveLength(1);
  expect(scene.watches()).toHaveLength(1);
  expect(Object.fromEntries((await watching(scene)).query)).toMatchObject({
    allowWatchBookmarks: 'true',
    timeoutSeconds: '290',
  });
});

test('changes are told in their order, a removed object with its last state', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  await watching(scene);
  scene.pods.put('b');
  scene.pods.put('a');
  scene.pods.remove('b');
  await tells(scene, '-b');
  expect(scene.told).toEqual(['+a@101', '+b@102', '+a@103', '-b']);
});

test('an object that was just created is there at once, and told of once', async () => {
  const scene = await reflecting();
  await watching(scene);
  scene.reflector.learn({ metadata: { name: 'a', uid: 'uid-a', resourceVersion: '901' } });
  expect(scene.told).toEqual(['+a@901']);
});

test('an object whose creation is heard of after its end stays gone', async () => {
  const scene = await reflecting((pods) => {
    for (const name of ['a', 'b', 'c']) pods.put(name);
  });
  await watching(scene);
  scene.reflector.learn({ metadata: { name: 'late', uid: 'uid-late', resourceVersion: '102' } });
  expect(scene.told).toEqual(['+a@101', '+b@102', '+c@103']);
});

test('an empty collection is seen, too', async () => {
  const scene = await reflecting();
  await scene.reflector.synced;
  expect(scene.told).toEqual([]);
});

test('a watch that ends without a word goes on where it was, and nothing is listed again', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  await watching(scene);
  scene.pods.put('b');
  await tells(scene, '+b@102');
  scene.pods.endWatches();
  scene.pods.put('c');
  scene.pods.remove('a');
  await tells(scene, '-a');
  expect(scene.told).toEqual(['+a@101', '+b@102', '+c@103', '-a']);
  expect(scene.watches().map(fromVersion)).toEqual(['101', '102']);
  expect(scene.lists()).toHaveLength(1);
  expect(scene.failures).toEqual([]);
});

test('a bookmark is where the next watch begins', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  await watching(scene);
  const version = scene.pods.bookmark();
  scene.pods.compact();
  scene.pods.endWatches();
  expect(fromVersion(await watching(scene, 2))).toBe(version);
  scene.pods.put('b');
  await tells(scene, `+b@${String(Number(version) + 1)}`);
  expect(scene.told).toEqual(['+a@101', '+b@112']);
  expect(scene.lists()).toHaveLength(1);
});

test('a version that is too old, said within the stream, lists again: what vanished is gone, what stayed is not told twice', async () => {
  const scene = await reflecting((pods) => {
    pods.put('stays');
    pods.put('vanishes');
    pods.put('changes');
  });
  await watching(scene);
  scene.pods.endWatches();
  scene.pods.remove('vanishes');
  scene.pods.put('changes');
  scene.pods.put('new');
  scene.pods.compact();
  await tells(scene, '+new@106');
  expect(scene.told.slice(3).toSorted()).toEqual(['+changes@105', '+new@106', '-vanishes']);
  expect(scene.lists()).toHaveLength(2);
  expect(fromVersion(await watching(scene, 3))).toBe('106');
  expect(scene.failures).toEqual([expect.objectContaining({ code: 410, message: 'too old resource version' })]);
});

test('an object that was made anew under its name meanwhile is gone, and there', async () => {
  const scene = await reflecting((pods, server) => {
    pods.put('a');
    server.next(
      path,
      (exchange) => {
        exchange.json({
          metadata: { resourceVersion: '90' },
          items: [{ metadata: { name: 'a', uid: 'before', resourceVersion: '80' } }],
        });
      },
      (exchange) => {
        exchange.refuse(410, { reason: 'Expired' });
      },
    );
  });
  await tells(scene, '+a@101');
  expect(scene.told).toEqual(['+a@80', '-a', '+a@101']);
});

test('a version that is too old, said by the status of the answer, lists again', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  await watching(scene);
  scene.server.next(path, (exchange) => {
    exchange.refuse(410, { reason: 'Gone', message: 'too old resource version' });
  });
  scene.pods.endWatches();
  scene.pods.remove('a');
  await tells(scene, '-a');
  expect(scene.lists()).toHaveLength(2);
});

test('pages that expire while they are read are read again from the first', async () => {
  const scene = await reflecting((pods, server) => {
    for (let i = 0; i < 600; i++) pods.put(`p${String(i)}`);
    const list = (exchange: Exchange) => {
      exchange.json({ metadata: { resourceVersion: '1', continue: 'old' }, items: [] });
    };
    server.next(path, list, (exchange) => {
      exchange.refuse(410, { reason: 'Expired', message: 'the provided continue parameter is too old' });
    });
  });
  await scene.reflector.synced;
  expect(scene.told).toHaveLength(600);
  expect(scene.lists().map(({ query }) => query.get('continue'))).toEqual([null, 'old', null, '700/500']);
});

test('a connection that is cut in the middle of an event loses nothing', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  await watching(scene);
  scene.pods.put('b');
  await tells(scene, '+b@102');
  await scene.pods.cutWatches('{"type":"ADDED","object":{"metadata":{"name":"c","resourceVersion":"10');
  scene.pods.put('c');
  await tells(scene, '+c@103');
  expect(scene.told).toEqual(['+a@101', '+b@102', '+c@103']);
  expect(scene.watches().map(fromVersion)).toEqual(['101', '102']);
  expect(scene.lists()).toHaveLength(1);
  expect(scene.failures).toHaveLength(1);
});

test('half an event at a clean end is none', async () => {
  const scene = await reflecting();
  await watching(scene);
  scene.pods.endWatches('{"type":"ADDED","object":{"metadata":{"name":"a","uid":"u","resourceVersion":"101"}}');
  scene.pods.put('a');
  await tells(scene, '+a@101');
  expect(scene.told).toEqual(['+a@101']);
});

test.each([
  ['500', 500, {}],
  ['429 with the time to wait', 429, { 'retry-after': '0' }],
  ['503', 503, {}],
])('a server that answers %s while it lists is asked again', async (_, code, headers) => {
  const busy = (exchange: Exchange) => {
    exchange.refuse(code, { message: 'etcdserver: leader changed' }, headers);
  };
  const scene = await reflecting((pods, server) => {
    pods.put('a');
    server.next(path, busy, busy);
  });
  await scene.reflector.synced;
  expect(scene.told).toEqual(['+a@101']);
  expect(scene.lists()).toHaveLength(3);
});

test('a refusal is told, and asked again', async () => {
  const scene = await reflecting((pods, server) => {
    pods.put('a');
    server.next(path, (exchange) => {
      exchange.refuse(403, { reason: 'Forbidden', message: 'pods is forbidden' });
    });
  });
  await scene.reflector.synced;
  expect(scene.failures).toEqual([expect.objectContaining({ code: 403, message: 'pods is forbidden' })]);
});

test('a watch that is silent for too long is cut, and goes on where it was', async () => {
  const scene = await reflecting(
    (pods) => {
      pods.put('a');
    },
    { silenceMs: 30 },
  );
  await (
    await watching(scene)
  ).closed;
  await watching(scene, 2);
  scene.pods.put('b');
  await tells(scene, '+b@102');
  expect(scene.told).toEqual(['+a@101', '+b@102']);
  expect(new Set(scene.watches().map(fromVersion).slice(0, 2))).toEqual(new Set(['101']));
  expect(scene.lists()).toHaveLength(1);
});

test('a watch that is heard of is not cut', async () => {
  const scene = await reflecting(undefined, { silenceMs: 200 });
  await watching(scene);
  for (let i = 0; i < 12; i++) {
    await sleep(30);
    scene.pods.bookmark();
  }
  expect(scene.watches()).toHaveLength(1);
});

test('a server that never answers a watch is left as one that is silent', async () => {
  const scene = await reflecting(
    (pods, server) => {
      pods.put('a');
      server.next(
        path,
        (exchange) => {
          exchange.json({ metadata: { resourceVersion: '100' }, items: [] });
        },
        () => undefined,
      );
    },
    { silenceMs: 30 },
  );
  await tells(scene, '+a@101');
  expect(scene.lists()).toHaveLength(1);
});

test('stop ends the watch, asks nothing more and tells nothing more', async () => {
  const scene = await reflecting((pods) => {
    pods.put('a');
  });
  const watch = await watching(scene);
  scene.reflector.stop();
  await watch.closed;
  scene.pods.put('b');
  await sleep(50);
  expect(scene.told).toEqual(['+a@101']);
  expect(scene.server.requests(path)).toHaveLength(2);
  expect(scene.failures).toEqual([]);
  await expect(scene.reflector.synced).resolves.toBeUndefined();
});

test('who waits for a first sight is told when the watch is stopped before it', async () => {
  const scene = await reflecting((_, server) => {
    server.next(path, () => undefined);
  });
  const list = await until('a list', () => scene.lists()[0], 5_000, 5);
  scene.reflector.stop();
  await expect(scene.reflector.synced).rejects.toThrow('the watch was stopped');
  await list.closed;
  await sleep(30);
  expect(scene.server.requests(path)).toHaveLength(1);
});

// client-go calls this a very short watch, and backs off: a clean end is no reason to ask in a loop without a pause.
test('a server that ends every watch at once is not asked in a loop without a pause', async () => {
  const scene = await reflecting((_, server) => {
    const ends = (exchange: Exchange) => {
      exchange.end();
    };
    const list = (exchange: Exchange) => {
      exchange.json({ metadata: { resourceVersion: '100' }, items: [] });
    };
    server.next(path, list, ...Array.from({ length: 10_000 }, () => ends));
  });
  await watching(scene);
  await sleep(50);
  scene.reflector.stop();
  expect(scene.watches().length).toBeLessThan(5);
});
