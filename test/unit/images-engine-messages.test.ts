import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BrokenAnswer, EngineFailure, engineMessages } from '../../activities/images/engine/engine-messages.ts';
import { messagesOf, recorded } from '../support/engine-streams.ts';

const imageId = `sha256:${'ab'.repeat(32)}`;

test('a build names its image, which may not be its last word', async () => {
  const { messages, error } = await messagesOf(recorded('base-image'));
  expect(error).toBeUndefined();
  expect(messages.map((message) => message.imageId).filter(Boolean)).toEqual([
    'sha256:a290813abd68991db9633cf0c07492f2fa54a9417b8ba18b8b89777081e205de',
  ]);
  expect(messages.at(-1)?.imageId).toBeUndefined();
});

test('a push tells of its layers, and names what the registry has now', async () => {
  const { messages } = await messagesOf(recorded('pushed'));
  expect(messages.at(-1)).toEqual({
    digest: 'sha256:e8dadf7fadcbc849d60f5a7d438edc8358971fe78ab3718f46110d190e88818c',
  });
  expect(messages.at(-3)).toEqual({ status: 'b5415bd933da: Pushed' });
});

test.each([
  ['failed-run', /exit code: 3$/],
  ['two-stages', /exit code: 9$/],
  ['unknown-flag', /parse error line 4: Unknown flag: link$/],
  ['registry-away', /connection refused$/],
  ['push-denied', /^no basic auth credentials$/],
])('an error in the middle of an answer that began well fails it: %s', async (name, message) => {
  const { error } = await messagesOf(recorded(name));
  expect(error).toBeInstanceOf(EngineFailure);
  expect((error as Error).message).toMatch(message);
});

test('where an answer is cut into chunks makes no difference', async () => {
  const whole = recorded('two-stages');
  const expected = await messagesOf(whole);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 40 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const chunks = places.slice(1).map((end, i) => whole.subarray(places[i], end));
      expect(await messagesOf(...chunks)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('an answer that stops anywhere says what was whole of it, and never more', async () => {
  const whole = recorded('built');
  const { messages: all } = await messagesOf(whole);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
      const { messages, error } = await messagesOf(whole.subarray(0, length));
      expect(messages).toEqual(all.slice(0, messages.length));
      const isBetween = length === 0 || whole[length - 1] === 0x0a;
      if (isBetween) expect(error).toBeUndefined();
    }),
  );
});

test.each([
  ['a page of a proxy', '<html>Bad gateway</html>\n'],
  ['half a message', '{"stream":"x"'],
  ['a number', '7\n'],
  ['an image without an id', '{"id":"moby.image.id","aux":{}}\n'],
  ['an id that is none', '{"id":"moby.image.id","aux":{"ID":"../../x"}}\n'],
  ['a trace that is no base64', '{"id":"moby.buildkit.trace","aux":"%%%"}\n'],
  ['a trace that is no message', '{"id":"moby.buildkit.trace","aux":"/////w=="}\n'],
  ['a trace that is not there', '{"id":"moby.buildkit.trace"}\n'],
])('what is no message breaks an answer: %s', async (_, text) => {
  const { error } = await messagesOf(
    `{"stream":"all is well"}\n{"id":"moby.image.id","aux":{"ID":"${imageId}"}}\n`,
    text,
  );
  expect(error).toBeInstanceOf(BrokenAnswer);
});

test('anything at all is a message, or breaks the answer, or is a failure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string(), fc.uint8Array())), async (chunks) => {
      const { error } = await messagesOf(...chunks);
      if (error === undefined) return;
      expect(error instanceof BrokenAnswer || error instanceof EngineFailure).toBe(true);
    }),
  );
});

test('a message that never ends takes no more memory than the longest', async () => {
  const chunk = Buffer.alloc(1_024 * 1_024, 'x');
  let taken = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (taken = 0; taken < 200; taken++) yield await Promise.resolve(chunk);
    yield Buffer.from('\n');
  }
  const before = process.memoryUsage().heapUsed;
  await expect(engineMessages(endless()).next()).rejects.toThrow(BrokenAnswer);
  expect(taken).toBe(200);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1_024 * 1_024);
});

test('a connection that is lost breaks an answer', async () => {
  async function* lost(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('{"status":"Pushing"}\n'));
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  }
  const messages = engineMessages(lost());
  expect((await messages.next()).value).toEqual({ status: 'Pushing' });
  await expect(messages.next()).rejects.toThrow(new BrokenAnswer('broke off: aborted'));
});
