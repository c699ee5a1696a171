import { createRequire } from 'node:module';
import type { Payload, PayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { launchSpec } from '../../contracts/launch-spec.ts';
import { observation, request, runTimeoutExtension } from '../../contracts/messages.ts';
import { payloadConverterPath } from '../../workers/bundle.ts';
import { unfitness } from '../../contracts/unfit-input.ts';
import { json, junkArguments } from '../support/junk.ts';

const { payloadConverter } = createRequire(import.meta.url)(payloadConverterPath) as {
  payloadConverter: PayloadConverter;
};

const encodings = ['json/plain', 'binary/plain', 'binary/null', 'json/protobuf', 'binary/protobuf', 'x', ''];
const encoding = fc.oneof(
  fc.constantFrom(...encodings).map((name) => new TextEncoder().encode(name)),
  fc.uint8Array(),
);
const anyPayload = fc.oneof(
  fc.jsonValue({ noUnicodeString: false }).map(json),
  fc.record(
    {
      metadata: fc.option(fc.record({ encoding, messageType: fc.uint8Array() }, { requiredKeys: [] })),
      data: fc.option(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
      ),
    },
    { requiredKeys: [] },
  ),
) as fc.Arbitrary<Payload>;

test('whatever comes in a payload is read as a value, and each of our schemas has an answer to it', () => {
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const value: unknown = payloadConverter.fromPayload(payload);
      expect(request.safeParse(value).success).toBe(true);
      observation.safeParse(value);
      runTimeoutExtension.safeParse(value);
      if (unfitness(value) !== undefined) return;
      const parsed = launchSpec.safeParse(value);
      if (!parsed.success) expect(formatIssues(fieldIssues(parsed.error, value))).not.toBe('');
    }),
    { numRuns: 2_000 },
  );
});

test.each(Object.entries(junkArguments))('%s is read', (_, payloads) => {
  for (const payload of payloads) {
    const value: unknown = payloadConverter.fromPayload(payload);
    expect(unfitness(value) ?? launchSpec.safeParse(value).error).toBeDefined();
  }
});

test('what we write we read', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read: unknown = payloadConverter.fromPayload(payloadConverter.toPayload(value));
      expect(JSON.stringify(read)).toBe(JSON.stringify(value));
    }),
  );
});
