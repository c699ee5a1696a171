import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { PayloadCipher } from '../../client/payload-cipher.ts';
import { payloadCipherOf } from '../../client/payload-keys.ts';

const scratch = mkdtempSync(join(tmpdir(), 'relaunch-keys-'));
const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

function cipherOf(...lines: string[]): PayloadCipher {
  const file = join(scratch, randomBytes(4).toString('hex'));
  writeFileSync(file, lines.join('\n'));
  return payloadCipherOf(file);
}

const plain: Payload = defaultPayloadConverter.toPayload({ token: 'canary' });
const read = async (cipher: PayloadCipher, payloads: Payload[]): Promise<unknown[]> =>
  (await cipher.decode(payloads)).map((payload) => defaultPayloadConverter.fromPayload(payload));

test('what a key encrypts, it decrypts; each time it looks different, and nothing of it shows', async () => {
  const cipher = cipherOf('# of vision', '', key('k1'));
  const [one, other] = [await cipher.encode([plain]), await cipher.encode([plain])];
  expect(await read(cipher, [...one, ...other, plain])).toEqual(Array(3).fill({ token: 'canary' }));
  expect(one[0]?.data).not.toEqual(other[0]?.data);
  expect(Buffer.from(one[0]?.data ?? '').includes('canary')).toBe(false);
});

test('keys rotate: the first one writes, all of them read, and one that was dropped is named', async () => {
  const [old, next] = [key('k1'), key('k2')];
  const written = await cipherOf(old).encode([plain]);
  const both = cipherOf(next, old);
  const rewritten = await both.encode(await both.decode(written));
  expect(await read(cipherOf(next), rewritten)).toEqual([{ token: 'canary' }]);
  await expect(cipherOf(next).decode(written)).rejects.toThrow(
    /is encrypted with key "k1", which is not there: the keys are those of .*RELAUNCH_CODEC_KEY_FILE/,
  );
});

test('without a file nothing is encrypted, and what is encrypted is not read', async () => {
  const none = payloadCipherOf(undefined);
  expect(none.encrypts).toBe(false);
  expect(await none.encode([plain])).toEqual([plain]);
  const written = await cipherOf(key('k1')).encode([plain]);
  await expect(none.decode(written)).rejects.toThrow(
    /is encrypted with key "k1", which is not there: RELAUNCH_CODEC_KEY_FILE is not set\. Ask/,
  );
});

test('what was changed, cut, or encrypted with another key of that name is refused', async () => {
  const cipher = cipherOf(key('k1'));
  const [written] = await cipher.encode([plain]);
  const data = Buffer.from(written?.data ?? '');
  const flipped = Buffer.from(data);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  for (const other of [flipped, data.subarray(0, 20), Buffer.alloc(0)])
    await expect(cipher.decode([{ ...written, data: other }])).rejects.toThrow(/"k1", or was changed/);
  await expect(cipherOf(key('k1')).decode([written ?? {}])).rejects.toThrow(/"k1", or was changed/);
});

test.each([
  ['no key at all', ['# none'], /there is no key in it\. `echo/],
  ['a short key', ['k1:AAAA'], /line 1 is no key: <name>:<32 bytes in base64>/],
  ['no name', [randomBytes(32).toString('base64')], /line 1 is no key/],
  ['a name twice', [key('k1'), key('k1')], /two keys are called "k1"/],
])('a file with %s is refused, without showing keys', (_, lines, message) => {
  expect(() => cipherOf(...lines)).toThrow(message);
});

test('a file that is not there is named', () => {
  expect(() => payloadCipherOf('/nowhere/keys')).toThrow(/RELAUNCH_CODEC_KEY_FILE cannot be read: .*\/nowhere\/keys/);
});
