import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import proto from '@temporalio/proto';
import { ClientError } from './errors.ts';
import type { PayloadKey } from './payload-keys.ts';

const { Payload: wire } = proto.temporal.api.common.v1;

const encrypted = 'binary/encrypted';
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts what Temporal keeps of a run's words: AES-256-GCM, the first key for what is written, all of them for what is read. What is
 * not encrypted is read as it is. The format is that of Temporal's own samples. Without keys it writes plainly, and says what it cannot read.
 * @throws ClientError key-missing from `decode`, where no key fits
 */
export class PayloadCipher implements PayloadCodec {
  readonly #keys: readonly PayloadKey[];
  readonly #from: string;

  /** `from`: where the keys are from, for its sentence. */
  constructor(keys: readonly PayloadKey[], from: string) {
    this.#keys = keys;
    this.#from = from;
  }

  /** Whether anything is encrypted: failures then have to be put into payloads. */
  get encrypts(): boolean {
    return this.#keys.length > 0;
  }

  encode = (payloads: Payload[]): Promise<Payload[]> => {
    const [key] = this.#keys;
    return Promise.resolve(key === undefined ? payloads : payloads.map((payload) => sealed(payload, key)));
  };

  // eslint-disable-next-line @typescript-eslint/require-await -- throws as a rejection
  decode = async (payloads: Payload[]): Promise<Payload[]> => payloads.map((payload) => this.#opened(payload));

  #opened(payload: Payload): Payload {
    if (textOf(payload, 'encoding') !== encrypted) return payload;
    const id = textOf(payload, 'encryption-key-id');
    const key = this.#keys.find((each) => each.id === id);
    if (key === undefined) throw this.#unreadable(`is encrypted with key ${JSON.stringify(id)}, which is not there`);
    try {
      return opened(payload.data ?? new Uint8Array(), key);
    } catch (cause) {
      throw this.#unreadable(
        `was not encrypted with the key that is called ${JSON.stringify(id)}, or was changed`,
        cause,
      );
    }
  }

  #unreadable(why: string, cause?: unknown): ClientError {
    return new ClientError(
      'key-missing',
      `what Temporal keeps of this ${why}: ${this.#from}. Ask the owner of the entity for its key file (docs/access.md).`,
      { cause },
    );
  }
}

const textOf = ({ metadata }: Payload, name: string): string => {
  const value = metadata?.[name];
  return value == null ? '' : decode(value);
};

function sealed(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  const data = [nonce, cipher.update(wire.encode(payload).finish()), cipher.final(), cipher.getAuthTag()];
  return { metadata: { encoding: encode(encrypted), 'encryption-key-id': encode(id) }, data: Buffer.concat(data) };
}

function opened(data: Uint8Array, { key }: PayloadKey): Payload {
  const decipher = createDecipheriv(algorithm, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(data.subarray(-tagBytes));
  const plain = [decipher.update(data.subarray(nonceBytes, -tagBytes)), decipher.final()];
  return wire.decode(Buffer.concat(plain));
}
