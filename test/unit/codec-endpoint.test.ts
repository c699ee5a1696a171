import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { PayloadCipher } from '../../client/payload-cipher.ts';
import { codecEndpoint } from '../../scripts/codec-endpoint.ts';
import { onLoopback } from '../../scripts/testbed/loopback.ts';

const cipher = (id: string) => new PayloadCipher([{ id, key: randomBytes(32) }], 'of a test');
const origin = 'https://temporal.example';

test('the Web UI reads what its keys decrypt, the rest as it is; pages of others are refused', async () => {
  const [ours, foreign] = [cipher('k1'), cipher('k2')];
  await using server = await onLoopback(codecEndpoint(ours, origin));
  const plain = [defaultPayloadConverter.toPayload({ token: 'canary' })];
  const written = [...(await ours.encode(plain)), ...(await foreign.encode(plain)), ...plain];
  const wire = written.map(({ metadata = {}, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([k, v]) => [k, Buffer.from(v).toString('base64')]),
    ),
    data: Buffer.from(data ?? '').toString('base64'),
  }));
  const ask = (from: string, method = 'POST', body = JSON.stringify({ payloads: wire })) =>
    fetch(`http://${server.host}/decode?preserveStorageRefs=true`, {
      method,
      headers: { origin: from },
      ...(method === 'POST' ? { body } : {}),
    });
  const answer = await ask(origin);
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  expect(await answer.json()).toEqual({ payloads: [wire[2], wire[1], wire[2]] });
  expect((await ask(origin, 'OPTIONS')).status).toBe(204);
  expect((await ask(origin, 'POST', 'junk')).status).toBe(400);
  const refused = await ask('https://evil.example');
  expect([refused.status, await refused.text()]).toEqual([403, '']);
});
