// @ts-check
// CommonJS, since Temporal loads it by path (https://github.com/temporalio/sdk-typescript/issues/1292).
'use strict';
const { defaultPayloadConverter } = require('@temporalio/common');
const { decode } = require('@temporalio/common/lib/encoding');

/** Stands for a payload that nobody can read. Fails every schema, so that whoever wanted it refuses it in its own words. */
class Undecodable {
  /** @param {string} message */
  constructor(message) {
    this.undecodable = message;
  }
}

/**
 * The default converter, except that reading never throws: a signal that cannot be read otherwise fails the workflow task for ever.
 * @type {import('@temporalio/common').PayloadConverter}
 */
exports.payloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload: (payload, context) => {
    try {
      return defaultPayloadConverter.fromPayload(payload, context);
    } catch (error) {
      return /** @type {any} */ (
        new Undecodable(encryption(payload) ?? (error instanceof Error ? error.message : String(error)))
      );
    }
  },
};

/**
 * Why a payload is still encrypted here; undefined where it is not.
 * @param {import('@temporalio/common').Payload | null | undefined} payload
 */
function encryption(payload) {
  const { encoding, 'encryption-key-id': id } = payload?.metadata ?? {};
  if (encoding == null || decode(encoding) !== 'binary/encrypted') return undefined;
  const name = id == null ? '' : decode(id).slice(0, 63);
  return `it is encrypted with key ${JSON.stringify(name)}, and the control worker has no such key, or another one of that name`;
}
