import type { Payload } from '@temporalio/common';

/** A payload as anybody may send it: `data` need not be what `encoding` says. */
export const payload = (data: string | Uint8Array, encoding = 'json/plain'): Payload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});

export const json = (value: unknown): Payload => payload(JSON.stringify(value));

/** JSON whose nesting no recursive reader survives. */
export const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

export const halfCharacter = '\ud800';

/** Arguments that no handler of ours wants, each by what is wrong with them. */
export const junkArguments: Readonly<Record<string, Payload[]>> = {
  none: [],
  null: [json(null)],
  'nothing, encoded': [payload('', 'binary/null')],
  'a text': [json('x')],
  'a number': [payload('1e999')],
  'a list': [json([[], {}, null])],
  'an empty object': [json({})],
  'fields of the wrong types': [json({ attempt: 'x', phase: 7, by: [], reason: {}, byMs: '1' })],
  'an attempt that is none': [json({ attempt: -1.5, phase: 'running' })],
  "another attempt's": [json({ attempt: 99, phase: 'running', node: 'n' })],
  'half a character': [json({ by: halfCharacter, reason: halfCharacter, node: halfCharacter, [halfCharacter]: 1 })],
  'prototype pollution': [payload('{"__proto__":{"attempt":1},"constructor":{"prototype":{}}}')],
  'markup and escapes': [json({ by: '\u001b[2J|`<b>', reason: '\r\n\u0000|---|' })],
  'long texts': [json({ by: 'x'.repeat(2_000), reason: '😀'.repeat(2_000) })],
  'deep nesting': [payload(nested(10_000))],
  'many keys': [json(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${String(i)}`, i])))],
  'a hundred arguments': Array.from({ length: 100 }, (_, i) => json(i)),
  'broken JSON': [payload('{"by":')],
  'no data': [payload('')],
  'bytes that are no UTF-8': [payload(Buffer.from([0xff, 0xfe, 0x00, 0xc0]))],
  'binary data': [payload(Buffer.alloc(500, 7), 'binary/plain')],
  protobuf: [
    { metadata: { encoding: Buffer.from('json/protobuf'), messageType: Buffer.from('x.Y') }, data: Buffer.from('{}') },
  ],
  'an unknown encoding': [payload('x', 'binary/encrypted')],
  'an encoding that is no text': [{ metadata: { encoding: Buffer.from([0xff, 0xfe]) }, data: Buffer.from('x') }],
  'no encoding': [{ metadata: { other: Buffer.from('x') }, data: Buffer.from('{}') }],
  'no metadata': [{ data: Buffer.from('{}') }],
  'an empty payload': [{}],
};

/** Names of messages that `launch` does not handle, among them those that mean something to the SDK, the server or JavaScript. */
export const unknownNames: readonly string[] = [
  'nobody-knows-this',
  ' ',
  '..',
  'grüße 😀',
  '\u0000\n\u001b[2J',
  'x'.repeat(1_000),
  '__temporal_unknown',
  '__temporal_workflow_metadata',
  '__stack_trace',
  '__enhanced_stack_trace',
  '__proto__',
  'constructor',
  'toString',
  'default',
  'launch',
];
