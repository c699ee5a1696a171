import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BuildProgress } from '../../activities/images/engine/build-progress.ts';
import type { StatusResponse, Vertex } from '../../activities/images/engine/buildkit-messages.ts';
import { masking } from '../../activities/secrets/masking.ts';
import { messagesOf, recorded } from '../support/engine-streams.ts';

const nothingMasked = masking([]);

async function told(name: string): Promise<{ lines: string[]; progress: BuildProgress }> {
  const progress = new BuildProgress(nothingMasked);
  const { messages } = await messagesOf(recorded(name));
  const lines = messages.flatMap(({ trace }) => (trace === undefined ? [] : progress.take(trace)));
  return { lines: lines.map(({ m }) => m), progress };
}

test('a build reads like docker build --progress plain', async () => {
  expect((await told('built')).lines).toEqual([
    '#1 [internal] load remote build context',
    '#1 DONE 0.0s',
    '#2 copy /context /',
    '#2 DONE 0.1s',
    '#3 [1/3] COPY busybox /bin/busybox',
    '#3 DONE 0.0s',
    '#4 [2/3] RUN ["/bin/busybox","--install","-s","/bin"]',
    '#4 DONE 0.1s',
    '#5 [3/3] RUN echo hi; sleep 0.3; echo err >&2',
    '#5 0.068 hi',
    '#5 0.370 err',
    '#5 DONE 0.4s',
    '#6 exporting to image',
    '#6 exporting layers',
    '#6 exporting layers 0.0s done',
    '#6 writing image sha256:8f5412809816d46a7a4a350c9f649d4f9874f8a64245e6a9dc6f2c92923fd99c',
    '#6 writing image sha256:8f5412809816d46a7a4a350c9f649d4f9874f8a64245e6a9dc6f2c92923fd99c done',
    '#6 naming to docker.io/library/a:1',
    '#6 naming to docker.io/library/a:1 done',
    '#6 DONE 0.0s',
  ]);
});

test('what did not run again is cached', async () => {
  expect((await told('cached')).lines).toContain('#5 CACHED');
});

test('of two stages at once, the one that failed is named with its last lines, also the one without an end', async () => {
  const { lines, progress } = await told('two-stages');
  expect(lines.slice(-3)).toEqual([
    '#5 1.133 half',
    '#5 ERROR: executor failed running [/bin/sh -c echo b; sleep 1; printf "half"; exit 9]: exit code: 9',
    '#7 CANCELED',
  ]);
  expect(progress.failed).toMatchObject({
    name: '[b 3/3] RUN echo b; sleep 1; printf "half"; exit 9',
    lastLines: ['b', 'half'],
  });
});

const at = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 });
const vertex = (more: Partial<Vertex> = {}): Vertex => ({
  ...{ digest: 'd', name: '[1/1] RUN train', cached: false, error: '' },
  ...{ started: at(1_000), completed: null },
  ...more,
});
const changes = (more: Partial<StatusResponse>): StatusResponse => ({ vertexes: [], statuses: [], logs: [], ...more });
const written = (msg: Uint8Array | string, ms = 2_000): StatusResponse =>
  changes({ logs: [{ vertex: 'd', timestamp: at(ms), stream: 1, msg: Buffer.from(msg) }] });

function begun(masked = nothingMasked): BuildProgress {
  const progress = new BuildProgress(masked);
  progress.take(changes({ vertexes: [vertex()] }));
  return progress;
}

test('lines are whole, however they come', () => {
  const text = 'épochs: 1\n\nloss=0.25 ☃\nlast';
  fc.assert(
    fc.property(fc.array(fc.nat(Buffer.byteLength(text))), (cuts) => {
      const bytes = Buffer.from(text);
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const progress = begun();
      const lines = places.slice(1).flatMap((end, i) => progress.take(written(bytes.subarray(places[i], end))));
      lines.push(...progress.take(changes({ vertexes: [vertex({ completed: at(3_500) })] })));
      expect(lines.map(({ m }) => m)).toEqual([
        '#1 1.000 épochs: 1',
        '#1 1.000 ',
        '#1 1.000 loss=0.25 ☃',
        '#1 1.000 last',
        '#1 DONE 2.5s',
      ]);
    }),
  );
});

test('a step that writes without an end is kept in pieces, and its last lines are few', () => {
  const progress = begun();
  for (let i = 0; i < 64; i++) {
    for (const { m } of progress.take(written('x'.repeat(32 * 1_024)))) expect(m.length).toBeLessThan(70_000);
  }
  progress.take(written(`\n${'line\n'.repeat(1_000)}`));
  progress.take(changes({ vertexes: [vertex({ completed: at(3_000), error: 'exit code: 1' })] }));
  expect(progress.failed?.lastLines).toEqual(Array.from({ length: 10 }, () => 'line'));
});

test('a secret is in no line, no name and no error, also if it has many lines', () => {
  const progress = begun(masking(['s3cr3t', '-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----\n']));
  const lines = progress.take(written('it is s3cr3t\nMIIEvQ\n')).map(({ m }) => m);
  expect(lines).toEqual(['#1 1.000 it is ****', '#1 1.000 ****']);
  const error = 'failed running [echo s3cr3t]: exit code: 1';
  progress.take(changes({ vertexes: [vertex({ completed: at(3_000), error })] }));
  expect(progress.failed).toMatchObject({ lastLines: ['it is ****', '****'], error: error.replace('s3cr3t', '****') });
});

test('a layer that takes long is told about now and then, and when it is there', () => {
  const progress = begun();
  const layer = (ms: number, current: number, completed = false): string[] => {
    const status = { id: 'sha256:0123', vertex: 'd', current, total: 40_000_000, started: at(1_000) };
    const statuses = [{ ...status, timestamp: at(ms), completed: completed ? at(ms) : null }];
    return progress.take(changes({ statuses })).map(({ m }) => m);
  };
  expect(layer(1_000, 0)).toEqual(['#1 sha256:0123 0B / 40.00MB']);
  expect(layer(2_000, 1_000_000)).toEqual([]);
  expect(layer(7_000, 20_500_000)).toEqual(['#1 sha256:0123 20.50MB / 40.00MB 6.0s']);
  expect(layer(8_000, 40_000_000, true)).toEqual(['#1 sha256:0123 40.00MB / 40.00MB 7.0s done']);
  expect(layer(8_100, 40_000_000, true)).toEqual([]);
});
