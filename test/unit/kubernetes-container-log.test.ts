import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import { readContainerLog, type ContainerLogOptions } from '../../activities/backends/kubernetes/container-log.ts';
import type { LogPosition, LogText } from '../../activities/backends/kubernetes/log-position.ts';
import { ScriptedApi, logText } from '../support/scripted-api.ts';
import type { Answer } from '../support/scripted-http.ts';
import { never } from '../support/backend-harness.ts';
import { until } from '../support/until.ts';

const path = '/api/v1/namespaces/default/pods/digits-a1-x/log';
const sentence = 'unable to retrieve container logs for containerd://0123';

/** Lines 0.7 s apart, so that a log that is read again begins with some that are known. */
const log: LogText[] = Array.from({ length: 12 }, (_, i) => ({
  t: new Date(Date.UTC(2026, 2, 1) + i * 700).toISOString(),
  m: `line ${String(i)}`,
}));

const textsOf = (lines: readonly LogText[]): string[] => lines.map(({ m }) => m);

/** The log, cut off before the end of its nth byte: by a lost connection, or by an end like any other. */
const part = (bytes: number, how: 'cut' | 'end', lines = log): Answer => {
  return async (exchange) => {
    const text = logText(lines, exchange).slice(0, bytes);
    if (how === 'cut') await exchange.cut(text);
    else exchange.end(text);
  };
};

const refuses = (code: number, message: string): Answer => {
  return (exchange) => {
    exchange.refuse(code, { message });
  };
};

/** What the API server answers for a kubelet that is not there, and for one that has just come back and does not know its pods yet. */
const away = refuses(
  500,
  'Get "https://10.0.0.7:10250/containerLogs/default/digits-a1-x/main": dial tcp: connection refused',
);
const forgetful: Answer = (exchange) => {
  const message = 'the server could not find the requested resource ( pods/log digits-a1-x)';
  exchange.refuse(404, { reason: 'NotFound', message, details: { name: 'digits-a1-x', kind: 'pods/log' } });
};

const whole: Answer = (exchange) => {
  exchange.end(logText(log, exchange));
};

interface Reading {
  server: ScriptedApi;
  lines: LogText[];
  positions: LogPosition[];
  /** Why a part is missing. */
  missing: Promise<string | undefined>;
  end(): void;
}

/** Reads with a server that says `answers`, then `last` to all that follow; the container has ended when `end` is called, or as many lines were taken. */
async function reading(
  answers: readonly Answer[],
  last: Answer,
  { endsAfter = log.length, ...options }: Partial<ContainerLogOptions> & { endsAfter?: number } = {},
): Promise<Reading> {
  const server = await ScriptedApi.start();
  server.next(path, ...answers);
  server.serve(path, last);
  const lines: LogText[] = [];
  const positions: LogPosition[] = [];
  let ended = false;
  const missing = readContainerLog({
    api: server.api,
    path,
    container: 'main',
    position: undefined,
    hasEnded: () => ended || lines.length >= endsAfter,
    line: (line, position) => {
      lines.push(line);
      positions.push(position);
      return Promise.resolve();
    },
    signal: never,
    backOffMs: 1,
    ...options,
  });
  missing.catch(() => undefined);
  return { server, lines, positions, missing, end: () => (ended = true) };
}

const sinceTimes = ({ server }: Reading): (string | null)[] =>
  server.requests(path).map(({ query }) => query.get('sinceTime'));

describe('each line of a log comes once', () => {
  test('through three lost connections, each in the middle of a line', async () => {
    const lineBytes = logText(log.slice(0, 1), { query: new URLSearchParams() } as never).length;
    const cuts = [3.5, 4.5, 5.5].map((lines) => part(Math.floor(lines * lineBytes), 'cut'));
    const read = await reading(cuts, whole);
    expect(await read.missing).toBeUndefined();
    expect(read.lines).toEqual(log);
    expect(sinceTimes(read)).toEqual([
      null,
      '2026-02-28T23:59:59Z',
      '2026-03-01T00:00:00Z',
      '2026-03-01T00:00:00Z',
      '2026-03-01T00:00:05Z',
    ]);
    expect(Object.fromEntries(read.server.requests(path)[0]?.query ?? [])).toEqual({
      container: 'main',
      follow: 'true',
      timestamps: 'true',
    });
  });

  test('wherever and however often the connection is lost while the container runs', async () => {
    const bytes = fc.array(fc.nat(500), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(bytes, async (at) => {
        const server = await ScriptedApi.start();
        const lines: LogText[] = [];
        server.next(path, ...at.map((length) => part(length, 'cut')));
        server.serve(path, whole);
        const missing = await readContainerLog({
          api: server.api,
          path,
          container: 'main',
          position: undefined,
          hasEnded: () => lines.length >= log.length && server.requests(path).length > at.length,
          line: (line) => Promise.resolve(void lines.push(line)),
          signal: never,
          backOffMs: 0,
        });
        await server.stop();
        expect(missing).toBeUndefined();
        expect(textsOf(lines)).toEqual(textsOf(log));
      }),
      { numRuns: 40 },
    );
  });

  test('of a container that has ended, through connections that are lost behind some of it', async () => {
    const read = await reading([part(100, 'cut'), part(330, 'cut')], whole, { endsAfter: 0 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('from where another reader got to', async () => {
    const first = await reading([], whole);
    await first.missing;
    for (const [i, position] of first.positions.entries()) {
      const second = await reading([], whole, { position, endsAfter: 0 });
      expect(await second.missing).toBeUndefined();
      expect(textsOf(second.lines)).toEqual(textsOf(log.slice(i + 1)));
      await second.server.stop();
    }
  });

  test('with lines of the same time on both sides of a lost connection', async () => {
    const same = Array.from({ length: 9 }, (_, i) => ({ t: '2026-03-01T00:00:00.5Z', m: `line ${String(i)}` }));
    const cuts = [100, 150, 200].map((bytes) => part(bytes, 'cut', same));
    const read = await reading(
      cuts,
      (exchange) => {
        exchange.end(logText(same, exchange));
      },
      { endsAfter: 9 },
    );
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(same));
  });

  test('also the last one, that has no newline', async () => {
    const text: Answer = (exchange) => {
      exchange.end(logText(log, exchange).trimEnd());
    };
    const read = await reading([], text, { endsAfter: log.length - 1 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('but not the half of one at the end of an answer, while the container runs', async () => {
    const read = await reading([part(125, 'end')], whole);
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  // The API server ends its answer like any other when it loses the kubelet's: apiserver's StreamObject drops the error of its copy.
  test('also when an answer ends before the place is found where the last one got to', async () => {
    const bytes = logText(log.slice(0, 5), { query: new URLSearchParams() } as never).length;
    const read = await reading([part(bytes, 'cut'), part(70, 'end')], whole);
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  // The same, and the container ends while this answer is read: another one will follow.
  test('also when an answer ends in the middle of one, just as the container has ended', async () => {
    const read = await reading([part(285, 'end')], whole, { endsAfter: 1 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('after a rotation all that is there, and nothing twice', async () => {
    const rotated: Answer = (exchange) => {
      exchange.end(logText(log.slice(7), exchange));
    };
    const read = await reading([part(200, 'cut')], rotated, { endsAfter: 11 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf([...log.slice(0, 6), ...log.slice(7)]));
  });

  test('after a rotation, of a container that says nothing more for now', async () => {
    const position = { t: '2026-03-01T00:00:00.100Z', n: 1 };
    const read = await reading([], (exchange) => exchange.write(logText(log.slice(1, 3), exchange)), {
      position,
      quietMs: 20,
    });
    await until('what was held back', () => read.lines.length > 0, 5_000, 5);
    expect(textsOf(read.lines)).toEqual(['line 1', 'line 2']);
    expect(read.server.requests(path)).toHaveLength(1);
  });

  // After a pause of the whole process (a suspended machine, a throttled one) the timer comes before what waits in the socket.
  test('though this process stood still while the rest was on its way', async () => {
    const position = { t: log[1]?.t ?? '', n: 1 };
    const streams = vi.spyOn(KubernetesApi.prototype, 'stream');
    onTestFinished(() => {
      streams.mockRestore();
    });
    const begins: Answer = async (exchange) => {
      const [first = '', ...rest] = logText(log, exchange).split(/(?<=\n)/);
      await exchange.write(first);
      await streams.mock.results[0]?.value;
      setImmediate(() => {
        exchange.end(rest.join(''));
        process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120));
      });
    };
    const read = await reading([begins], whole, { position, quietMs: 80, endsAfter: log.length - 2 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log.slice(2)));
  });

  test('of a job that writes now and then, as soon as it is written', async () => {
    const server = await ScriptedApi.start();
    const lines: LogText[] = [];
    let more: ((text: string) => Promise<void>) | undefined;
    server.serve(path, (exchange) => {
      more = (text) => exchange.write(text);
      exchange.begin();
    });
    const control = new AbortController();
    const missing = readContainerLog({
      api: server.api,
      path,
      container: 'main',
      position: undefined,
      hasEnded: () => false,
      line: (line) => Promise.resolve(void lines.push(line)),
      signal: control.signal,
    });
    missing.catch(() => undefined);
    await until('a request', () => more !== undefined, 5_000, 5);
    for (const [i, line] of log.entries()) {
      await more?.(logText([line], { query: new URLSearchParams() } as never));
      await until(`line ${String(i)}`, () => lines.length === i + 1, 5_000, 1);
    }
    control.abort(new Error('enough'));
    await expect(missing).rejects.toThrow();
  });
});

describe('a log that is not to be had', () => {
  test('because the kubelet has removed it, says so, and its sentence is no line', async () => {
    const read = await reading(
      [],
      (exchange) => {
        exchange.end(sentence);
      },
      { endsAfter: 0 },
    );
    expect(await read.missing).toBe(sentence);
    expect(read.lines).toEqual([]);
    expect(read.server.requests(path)).toHaveLength(1);
  });

  test('after some of it, says so', async () => {
    const read = await reading(
      [part(150, 'cut')],
      (exchange) => {
        exchange.end(`${sentence}\n`);
      },
      { endsAfter: 3 },
    );
    expect(await read.missing).toBe(sentence);
    expect(textsOf(read.lines)).toEqual(textsOf(log.slice(0, read.lines.length)));
  });

  test('yet, because the container waits, is asked for again', async () => {
    const waits = refuses(400, 'container "main" in pod "digits-a1-x" is waiting to start: ContainerCreating');
    const read = await reading([waits, waits], whole);
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('of a container that has ended, because its node does not answer, is missing at once', async () => {
    const read = await reading([], refuses(500, 'no preferred addresses found'), { endsAfter: 0, backOffMs: 60_000 });
    expect(await read.missing).toBe('no preferred addresses found');
    expect(read.server.requests(path)).toHaveLength(1);
  });

  test('of a container that runs, because its node does not answer, is asked for until it does', async () => {
    const away = refuses(500, 'dial tcp 10.0.0.7:10250: connect: connection refused');
    const read = await reading([away, away, part(150, 'cut'), away], whole);
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('of a container that runs, because its kubelet has just come back and knows no pod yet, is asked for until it does', async () => {
    const read = await reading([part(150, 'cut'), away, forgetful, forgetful], whole, { endedAtMs: () => Infinity });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test.each([
    ['is away for a moment', away],
    ['has just come back', forgetful],
  ])('of a container that has ended, because its kubelet %s, is asked for again', async (_, answer) => {
    const read = await reading([answer, answer], whole, { endsAfter: 0 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });

  test('of a container that has ended, because its kubelet stays away, is missing in its words', async () => {
    const read = await reading([], away, { endsAfter: 0 });
    expect(await read.missing).toContain('connection refused');
    expect(read.server.requests(path)).toHaveLength(3);
  });

  test('because the pod is gone, is missing, whatever is known of its container', async () => {
    const read = await reading([part(150, 'cut')], refuses(404, 'pods "digits-a1-x" not found'), {
      endsAfter: Infinity,
    });
    expect(await read.missing).toBe('pods "digits-a1-x" not found');
  });

  // The network's fault says nothing about the log.
  test('because the first connection is lost, of a container that has ended, is asked for once more', async () => {
    const read = await reading([part(20, 'cut')], whole, { endsAfter: 0 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines)).toEqual(textsOf(log));
  });
});

// The runtime takes with it what nobody had read of a container that ends before it is back.
describe('a log that looks whole, though its container may have written more', () => {
  const outage = async (answer: Answer, endedAtMs: () => number): Promise<string | undefined> => {
    const read = await reading([answer, answer], whole, { endedAtMs });
    const missing = await read.missing;
    expect(textsOf(read.lines)).toEqual(textsOf(log));
    return missing;
  };

  test.each([
    ['its kubelet did not answer', away],
    ['its kubelet had just come back', forgetful],
    [
      'its kubelet had no runtime',
      (exchange) => {
        exchange.end(sentence);
      },
    ],
  ] satisfies [string, Answer][])('is said to be doubtful when it ended while %s', async (_, answer) => {
    const begunAtMs = Date.now();
    expect(await outage(answer, () => begunAtMs)).toMatch(/^its node was away from .*Z to .*Z, and it ended then: /);
    expect(await outage(answer, () => Number.NaN)).toMatch(/^its node was away /);
  });

  test('is not, when it ended before, or when its node was there again', async () => {
    const begunAtMs = Date.now();
    expect(await outage(away, () => Date.now() + 1_000)).toBeUndefined();
    const read = await reading([part(0, 'end'), away, away], whole, { endedAtMs: () => begunAtMs });
    expect(await read.missing).toBeUndefined();
  });

  test('is not, because the API server has no answer or the container had not begun', async () => {
    for (const answer of [refuses(503, 'overloaded'), refuses(400, 'waiting to start'), part(0, 'cut')])
      expect(await outage(answer, Date.now)).toBeUndefined();
  });
});

test('an end of the log before the news that the container has ended is looked at once more, and is no fault', async () => {
  const read = await reading([], whole, { endsAfter: Infinity });
  await until('a second look', () => read.server.requests(path).length > 1, 5_000, 5);
  read.end();
  expect(await read.missing).toBeUndefined();
  expect(textsOf(read.lines)).toEqual(textsOf(log));
});

test('an empty log is a log', async () => {
  const read = await reading(
    [],
    (exchange) => {
      exchange.end();
    },
    { endsAfter: 0 },
  );
  expect(await read.missing).toBeUndefined();
  expect(read.lines).toEqual([]);
});

test('a connection that is silent for too long is left for another', async () => {
  const read = await reading([(exchange) => exchange.write(logText(log.slice(0, 3), exchange))], whole, {
    silenceMs: 30,
  });
  expect(await read.missing).toBeUndefined();
  expect(textsOf(read.lines)).toEqual(textsOf(log));
});

test('a connection that is heard of is kept', async () => {
  const writes: Answer = async (exchange) => {
    for (const line of log) {
      await exchange.write(`${line.t} ${line.m}\n`);
      await sleep(30);
    }
    exchange.end();
  };
  const read = await reading([writes], whole, { silenceMs: 200, endsAfter: Infinity });
  await until('all lines', () => read.lines.length === log.length, 5_000, 5);
  expect(read.server.requests(path)).toHaveLength(1);
  read.end();
  expect(await read.missing).toBeUndefined();
});

test.each([
  ['between lines', (exchange) => exchange.write(logText(log.slice(0, 3), exchange))],
  ['before an answer', () => undefined],
  ['between two tries', refuses(500, 'no')],
] satisfies [string, Answer][])('who lets go %s is free at once', async (_, answer) => {
  const control = new AbortController();
  const read = await reading([], answer, { signal: control.signal, backOffMs: 60_000 });
  const [request] = await until(
    'a request',
    () => {
      const all = read.server.requests(path);
      return all.length > 0 ? all : undefined;
    },
    5_000,
    5,
  );
  const begun = performance.now();
  control.abort(new Error('enough'));
  await expect(read.missing).rejects.toThrow();
  expect(performance.now() - begun).toBeLessThan(500);
  await request?.closed;
});

test('what a line is refused with comes out as it is, and nothing more is read', async () => {
  const full = new Error('the store is full');
  const taken: string[] = [];
  const read = await reading([], (exchange) => exchange.write(logText(log, exchange)), {
    line: ({ m }) => {
      if (taken.length === 2) return Promise.reject(full);
      taken.push(m);
      return Promise.resolve();
    },
  });
  await expect(read.missing).rejects.toBe(full);
  expect(taken).toEqual(['line 0', 'line 1']);
  expect(read.server.requests(path)).toHaveLength(1);
});

test('what is refused of lines that were held back comes out as it is', async () => {
  const full = new Error('the store is full');
  const read = await reading([], (exchange) => exchange.write(logText(log.slice(1, 3), exchange)), {
    position: { t: '2026-03-01T00:00:00.100Z', n: 1 },
    quietMs: 20,
    line: () => Promise.reject(full),
  });
  await expect(read.missing).rejects.toBe(full);
  await read.server.requests(path)[0]?.closed;
});

// Node's: to abort a request whose answer is all there, but not read, fails on a socket that has gone back to its agent without listeners.
test('a refused line of a log that is all there does not end the process', async () => {
  const uncaught = await uncaughtDuring(async () => {
    const full = new Error('the store is full');
    const read = await reading([], whole, { line: () => Promise.reject(full) });
    await expect(read.missing).rejects.toBe(full);
    await sleep(20);
  });
  expect(uncaught).toEqual([]);
});

/** What would have ended this process. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
  try {
    await work();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  }
  return uncaught;
}

describe('a line that is longer than memory', () => {
  const long: LogText[] = [
    { t: '2026-03-01T00:00:00Z', m: 'x'.repeat(1_200_000) },
    { t: '2026-03-01T00:00:01Z', m: 'after' },
  ];
  const serves = (lines: readonly LogText[]): Answer => {
    return (exchange) => {
      exchange.end(logText(lines, exchange));
    };
  };

  test('is cut, and those after it come', async () => {
    const read = await reading([], serves(long), { endsAfter: 2 });
    expect(await read.missing).toBeUndefined();
    expect(textsOf(read.lines).map((m) => m.slice(0, 5))).toEqual(['xxxxx', 'after']);
    expect(read.lines[0]?.m.length).toBeGreaterThan(1_000_000);
  });

  // What is cut off looks like a message of the kubelet's.
  test('is no trouble at the end of a log', async () => {
    const read = await reading([], serves(long.slice(0, 1)), { endsAfter: 1 });
    expect(await read.missing).toBeUndefined();
  });
});
