import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AttemptLogs } from '../../activities/backends/kubernetes/attempt-logs.ts';
import type { LogText } from '../../activities/backends/kubernetes/log-position.ts';
import type { ContainerStatus, Pod } from '../../activities/backends/kubernetes/objects.ts';
import { Place } from '../../activities/backends/kubernetes/place.ts';
import type { JobLine, Sink } from '../../activities/backends/backend.ts';
import { never } from '../support/backend-harness.ts';
import { recordingSink, type RecordingSink } from '../support/recording-sink.ts';
import { ScriptedApi, ScriptedCollection, logText } from '../support/scripted-api.ts';
import type { Answer, Exchange } from '../support/scripted-http.ts';
import { until } from '../support/until.ts';

const startedAt = '2026-03-01T00:00:00Z';
const runs: ContainerStatus['state'] = { running: { startedAt } };
const ended: ContainerStatus['state'] = { terminated: { exitCode: 0, startedAt, finishedAt: startedAt } };
const waits: ContainerStatus['state'] = { waiting: { reason: 'ContainerCreating' } };

/** A pod with containers in these states, and init containers. */
function podOf(
  name: string,
  containers: Record<string, ContainerStatus['state']>,
  { init = {}, index }: { init?: Record<string, ContainerStatus['state']>; index?: number } = {},
): Pod {
  const statuses = (of: Record<string, ContainerStatus['state']>): ContainerStatus[] =>
    Object.entries(of).map(([one, state]) => ({ name: one, ...(state === undefined ? {} : { state }) }));
  const names = (of: object) => Object.keys(of).map((one) => ({ name: one }));
  return {
    metadata: {
      name,
      uid: name,
      annotations: index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) },
    },
    spec: { containers: names(containers), initContainers: names(init) },
    status: { containerStatuses: statuses(containers), initContainerStatuses: statuses(init) },
  };
}

const logOf = (container: string, count: number): LogText[] =>
  Array.from({ length: count }, (_, i) => ({
    t: new Date(Date.UTC(2026, 2, 1) + i * 900).toISOString(),
    m: `${container} ${String(i)}`,
  }));

const logPath = (pod: string): string => `/api/v1/namespaces/default/pods/${pod}/log`;

interface Scene {
  server: ScriptedApi;
  place: Place;
  /** The logs of another follower. */
  follower(sink: Sink, signal?: AbortSignal): AttemptLogs;
  /** What the log of a pod's containers says. */
  says(pod: string, answers: Record<string, Answer>): void;
}

async function scene(): Promise<Scene> {
  const server = await ScriptedApi.start();
  for (const path of ['/apis/batch/v1/namespaces/default/jobs', '/api/v1/namespaces/default/pods'])
    new ScriptedCollection(server, path);
  const place = new Place({ api: server.api, name: '@', namespace: 'default', owner: 'owner' });
  onTestFinished(() => {
    place.close();
  });
  return {
    server,
    place,
    follower: (sink, signal = never) => {
      const logs = new AttemptLogs(place, sink, signal);
      onTestFinished(() => logs.close());
      return logs;
    },
    says: (pod, answers) => {
      server.serve(logPath(pod), (exchange) => answers[exchange.query.get('container') ?? '']?.(exchange));
    },
  };
}

const whole = (lines: readonly LogText[]): Answer => {
  return (exchange) => {
    exchange.end(logText(lines, exchange));
  };
};

/** A log that goes on. */
const open = (lines: readonly LogText[]): Answer => {
  return (exchange) => exchange.write(logText(lines, exchange));
};

const texts = ({ lines }: RecordingSink): string[] => lines.map(({ line }) => line.m);

test('the log of an attempt comes to its end, each line once, through three connections lost in the middle of lines', async () => {
  const { server, says, follower } = await scene();
  const log = logOf('main', 12);
  const cut = (bytes: number): Answer => {
    return (exchange) => exchange.cut(logText(log, exchange).slice(0, bytes));
  };
  server.next(logPath('p'), cut(80), cut(170), cut(230));
  says('p', { main: whole(log) });
  const sink = recordingSink();
  const logs = follower(sink);
  logs.follow([podOf('p', { main: runs })], 'main');
  await until('all lines', () => sink.lines.length === log.length, 10_000, 5);
  logs.follow([podOf('p', { main: ended })], 'main');
  await logs.drained(5_000);
  expect(sink.lines.map(({ line }) => line)).toEqual(log.map(({ t, m }) => ({ t, s: 'stdout', m })));
});

describe('what is missing of a log is said in it', () => {
  const noteOf = async (answer: Answer, patienceMs = 5_000): Promise<JobLine[]> => {
    const { says, follower } = await scene();
    says('p', { main: answer });
    const sink = recordingSink();
    const logs = follower(sink);
    logs.follow([podOf('p', { main: ended })], 'main');
    await logs.drained(patienceMs);
    return sink.lines.map(({ line }) => line);
  };
  const sentence = 'unable to retrieve container logs for containerd://x';
  const note = (why: string) => `relaunch: the rest of the log of container main of p cannot be had: ${why}`;

  test('when the kubelet has removed it and answers with a sentence, which is no line of the job', async () => {
    const lines = await noteOf((exchange) => {
      exchange.end(sentence);
    });
    expect(lines).toEqual([{ t: expect.any(String) as string, s: 'stderr', m: note(sentence) }]);
    expect(Date.parse(lines[0]?.t ?? '')).toBeGreaterThan(Date.now() - 10_000);
  });

  test('when its node does not answer, at once', async () => {
    const begun = performance.now();
    const lines = await noteOf((exchange) => {
      exchange.refuse(500, { message: 'no preferred addresses found' });
    });
    expect(lines.map(({ m }) => m)).toEqual([note('no preferred addresses found')]);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test('when it ended while its node was away, behind what there is of it', async () => {
    const { server, says, follower } = await scene();
    const answered = Promise.withResolvers<undefined>();
    server.next(logPath('p'), (exchange) => {
      exchange.refuse(500, { message: 'Get "https://10.0.0.7:10250/containerLogs/default/p/main": EOF' });
      void exchange.closed.then(answered.resolve);
    });
    says('p', { main: whole(logOf('main', 1)) });
    const sink = recordingSink();
    const logs = follower(sink);
    logs.follow([podOf('p', { main: runs })], 'main');
    await answered.promise;
    const finishedAt = new Date().toISOString();
    logs.follow([podOf('p', { main: { terminated: { exitCode: 0, startedAt, finishedAt } } })], 'main');
    await logs.drained(5_000);
    expect(texts(sink)).toEqual(['main 0', expect.stringContaining(note('its node was away from '))]);
  });

  test('when it does not come to an end in time, behind what came of it', async () => {
    const lines = await noteOf(open(logOf('main', 2)), 500);
    expect(lines.map(({ m }) => m)).toEqual(['main 0', 'main 1', expect.stringContaining('within 0.5 s')]);
  });

  // What a connection is cut with comes as it is, but from between two tries as the cause of an AbortError.
  test('in words, without the class of an error', async () => {
    const lines = await noteOf(open([]), 50);
    expect(lines.map(({ m }) => m)).toEqual([note('it did not come to its end within 0.05 s')]);
  });
});

test('a container that cannot be read yet is asked again, and its log is whole', async () => {
  const { server, says, follower } = await scene();
  const log = logOf('main', 3);
  server.next(logPath('p'), (exchange) => {
    exchange.refuse(400, { message: 'container "main" in pod "p" is waiting to start: PodInitializing' });
  });
  says('p', { main: whole(log) });
  const sink = recordingSink();
  const logs = follower(sink);
  logs.follow([podOf('p', { main: runs })], 'main');
  await until('all lines', () => sink.lines.length === log.length, 10_000, 5);
  logs.follow([podOf('p', { main: ended })], 'main');
  await logs.drained(5_000);
  expect(texts(sink)).toEqual(['main 0', 'main 1', 'main 2']);
});

test('only containers that have run have logs, each of which is read once however often it is seen', async () => {
  const { server, says, follower } = await scene();
  says('p', { main: whole(logOf('main', 1)), other: whole(logOf('other', 1)) });
  const logs = follower(recordingSink());
  const neverRan: ContainerStatus['state'] = { terminated: { exitCode: 137, startedAt: null, finishedAt: null } };
  logs.follow([podOf('p', { main: waits, other: neverRan })], 'main');
  logs.follow([podOf('p', { main: undefined })], 'main');
  await logs.drained(1_000);
  expect(server.requests(logPath('p'))).toEqual([]);
  const later = follower(recordingSink());
  for (let i = 0; i < 3; i++) later.follow([podOf('p', { main: ended, other: ended })], 'main');
  await later.drained(1_000);
  expect(server.requests(logPath('p')).map(({ query }) => query.get('container'))).toEqual(['main', 'other']);
});

describe('a line of', () => {
  const labelsOf = async (...pods: Pod[]): Promise<Record<string, string | undefined>> => {
    const { says, follower } = await scene();
    for (const { metadata, spec } of pods) {
      const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
      const answers = all.map(({ name }) => [name, whole(logOf(`${metadata.name} ${name}`, 1))] as const);
      says(metadata.name, Object.fromEntries(answers));
    }
    const sink = recordingSink();
    const logs = follower(sink);
    logs.follow(pods, 'main');
    await logs.drained(5_000);
    return Object.fromEntries(sink.lines.map(({ line }) => [line.m.slice(0, -2), line.c]));
  };

  test('the only container has no name', async () => {
    expect(await labelsOf(podOf('digits-a1-x7x7x', { main: ended }))).toEqual({ 'digits-a1-x7x7x main': undefined });
  });

  test('several containers, of which some only prepare, has that of its container', async () => {
    expect(await labelsOf(podOf('p-x', { main: ended, proxy: ended }, { init: { fetch: ended } }))).toEqual({
      'p-x main': 'main',
      'p-x proxy': 'proxy',
      'p-x fetch': 'fetch',
    });
  });

  test('several pods has the end of its pod’s name', async () => {
    expect(await labelsOf(podOf('p-x7x7x', { main: ended }), podOf('p-abcde', { main: ended }))).toEqual({
      'p-x7x7x main': 'x7x7x',
      'p-abcde main': 'abcde',
    });
  });

  test('an indexed Job has its index, also when only one of its pods is there', async () => {
    expect(await labelsOf(podOf('p-3-x7x7x', { main: ended }, { index: 3 }))).toEqual({ 'p-3-x7x7x main': '3' });
  });

  test('several containers of several pods has both', async () => {
    const pods = [0, 1].map((index) => podOf(`p-${String(index)}-x`, { main: ended, proxy: ended }, { index }));
    expect(await labelsOf(...pods)).toEqual({
      'p-0-x main': '0/main',
      'p-0-x proxy': '0/proxy',
      'p-1-x main': '1/main',
      'p-1-x proxy': '1/proxy',
    });
  });
});

describe('a follower that goes on from the cursor of any line', () => {
  const logs = { main: logOf('main', 7), proxy: logOf('proxy', 5) };
  const pod = podOf('p', { main: ended, proxy: ended });

  const ofContainer = (lines: readonly { line: JobLine }[], c: string): string[] =>
    lines.filter(({ line }) => line.c === c).map(({ line }) => line.m);

  test('loses nothing and doubles nothing, of any container', async () => {
    const { says, follower } = await scene();
    says('p', { main: whole(logs.main), proxy: whole(logs.proxy) });
    const first = recordingSink();
    const followed = follower(first);
    followed.follow([pod], 'main');
    await followed.drained(5_000);
    expect(first.lines).toHaveLength(12);
    for (let kept = 0; kept <= first.lines.length; kept++) {
      const second = recordingSink();
      second.lines.push(...first.lines.slice(0, kept));
      const resumed = follower(second);
      resumed.follow([pod], 'main');
      await resumed.drained(5_000);
      expect(ofContainer(second.lines, 'main')).toEqual(logs.main.map(({ m }) => m));
      expect(ofContainer(second.lines, 'proxy')).toEqual(logs.proxy.map(({ m }) => m));
      expect(second.lines).toHaveLength(12);
    }
  });

  test('takes a cursor that it does not know for none', async () => {
    const { says, follower } = await scene();
    says('p', { main: whole(logs.main), proxy: whole(logs.proxy) });
    const lines: JobLine[] = [];
    const sink: Sink = { ...recordingSink(), cursor: '4711', line: (line) => Promise.resolve(void lines.push(line)) };
    const followed = follower(sink);
    followed.follow([pod], 'main');
    await followed.drained(5_000);
    expect(lines).toHaveLength(12);
  });

  // LogWriter.line: "the line was not taken". Its place is in the cursor of what another container says next all the same.
  test('loses no line that the store did not take', async () => {
    const { says, follower } = await scene();
    const release = Promise.withResolvers<undefined>();
    let main = open(logs.main);
    says('p', {
      main: (exchange) => main(exchange),
      proxy: async (exchange: Exchange) => {
        await release.promise;
        exchange.end(logText(logs.proxy, exchange));
      },
    });
    const first = recordingSink();
    const line = (one: JobLine, cursor: string): Promise<void> => {
      if (one.m !== 'main 3') return first.line(one, cursor);
      release.resolve(undefined);
      return Promise.reject(new Error('the store is away for a moment'));
    };
    const followed = follower({ ...first, line });
    followed.follow([pod], 'main');
    await expect(followed.drained(5_000)).rejects.toThrow('the store is away for a moment');
    const second = recordingSink();
    second.lines.push(...first.lines);
    main = whole(logs.main);
    const resumed = follower(second);
    resumed.follow([pod], 'main');
    await resumed.drained(5_000);
    expect(ofContainer(second.lines, 'main')).toEqual(logs.main.map(({ m }) => m));
  });
});

describe('a sink that takes no line', () => {
  const full = new Error('the store is full');

  test('is told to whoever waits for the end', async () => {
    const { says, follower } = await scene();
    says('p', { main: open(logOf('main', 3)) });
    const logs = follower({ ...recordingSink(), line: () => Promise.reject(full) });
    logs.follow([podOf('p', { main: runs })], 'main');
    await expect(logs.drained(1_000)).rejects.toBe(full);
  });

  test('is told to whoever comes with news of the pods', async () => {
    const { says, follower } = await scene();
    says('p', { main: open(logOf('main', 3)) });
    const logs = follower({ ...recordingSink(), line: () => Promise.reject(full) });
    const pods = [podOf('p', { main: runs })];
    const told = await until(
      'the failure',
      () => {
        try {
          logs.follow(pods, 'main');
        } catch (error) {
          return error as Error;
        }
        return undefined;
      },
      5_000,
      5,
    );
    expect(told).toBe(full);
  });
});

test('lines are handed over one at a time, whichever container they are of', async () => {
  const { says, follower } = await scene();
  says('p', { main: whole(logOf('main', 5)), proxy: whole(logOf('proxy', 5)) });
  let at = 0;
  let most = 0;
  const line = async (): Promise<void> => {
    most = Math.max(most, ++at);
    await sleep(2);
    at--;
  };
  const logs = follower({ ...recordingSink(), line });
  logs.follow([podOf('p', { main: ended, proxy: ended })], 'main');
  await logs.drained(5_000);
  expect(most).toBe(1);
});

test('a follower that stops hands over no other line, and says nothing of a missing rest', async () => {
  const { server, says, follower } = await scene();
  says('p', { main: open(logOf('main', 2)) });
  const sink = recordingSink();
  const logs = follower(sink);
  logs.follow([podOf('p', { main: runs })], 'main');
  await until('the lines', () => sink.lines.length === 2, 5_000, 5);
  await logs.close();
  await server.requests(logPath('p'))[0]?.closed;
  expect(texts(sink)).toEqual(['main 0', 'main 1']);
});

test('a follower that is called off hands over no other line, and has not come to the end', async () => {
  const { server, says, follower } = await scene();
  says('p', { main: open(logOf('main', 2)) });
  const control = new AbortController();
  const sink = recordingSink();
  const logs = follower(sink, control.signal);
  logs.follow([podOf('p', { main: runs })], 'main');
  await until('the lines', () => sink.lines.length === 2, 5_000, 5);
  const reason = new Error('the agent stops');
  control.abort(reason);
  await server.requests(logPath('p'))[0]?.closed;
  await expect(logs.drained(1_000)).rejects.toBe(reason);
  expect(texts(sink)).toEqual(['main 0', 'main 1']);
});

test('the last words are the main container’s last ten lines that say something', async () => {
  const { says, follower } = await scene();
  const main = logOf('main', 24).map(({ t, m }, i) => ({ t, m: i % 2 === 0 ? m : '  ' }));
  says('p', { main: whole(main), proxy: whole(logOf('proxy', 30)) });
  const logs = follower(recordingSink());
  expect(await logs.lastWords([], 'main')).toBe('');
  const pods = [podOf('p', { main: ended, proxy: ended })];
  logs.follow(pods, 'main');
  await logs.drained(5_000);
  expect((await logs.lastWords(pods, 'main')).split('\n')).toEqual(
    [4, 6, 8, 10, 12, 14, 16, 18, 20, 22].map((i) => `main ${String(i)}`),
  );
});

test('last words are few', async () => {
  const { says, follower } = await scene();
  const main = logOf('main', 3).map(({ t, m }) => ({ t, m: `${m}${'x'.repeat(1_500)}end` }));
  says('p', { main: whole(main) });
  const logs = follower(recordingSink());
  logs.follow([podOf('p', { main: ended })], 'main');
  await logs.drained(5_000);
  const words = await logs.lastWords([], 'main');
  expect(words).toHaveLength(2_000);
  expect(words).toMatch(/xend$/);
});

// Rule 4: every end names the last lines, also when another agent had read them before the verdict.
test('the last words are known to a follower that has nothing new to read', async () => {
  const { says, follower } = await scene();
  says('p', { main: whole(logOf('main', 4)) });
  const sink = recordingSink();
  const pods = [podOf('p', { main: ended })];
  const first = follower(sink);
  first.follow(pods, 'main');
  await first.drained(5_000);
  const second = follower(sink);
  second.follow(pods, 'main');
  await second.drained(5_000);
  expect(await second.lastWords(pods, 'main')).toBe(await first.lastWords(pods, 'main'));
});
