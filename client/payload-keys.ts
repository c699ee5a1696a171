import { readFileSync } from 'node:fs';
import { ClientError } from './errors.ts';
import { PayloadCipher } from './payload-cipher.ts';

/** A key of AES-256, by the name that is written beside what it encrypts. */
export interface PayloadKey {
  id: string;
  key: Buffer;
}

const keyBytes = 32;
const variable = 'RELAUNCH_CODEC_KEY_FILE';

/** The cipher of a file of keys; one without keys where there is no file. @throws ClientError bad-input */
export function payloadCipherOf(file: string | undefined): PayloadCipher {
  if (file === undefined) return new PayloadCipher([], `${variable} is not set`);
  return new PayloadCipher(keysOf(textOf(file), file), `the keys are those of ${file} (${variable})`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('bad-input', `the keys of ${variable} cannot be read: ${reason}`, { cause });
  }
}

/** Lines `<id>:<32 bytes in base64>`; empty ones and those that begin with # are passed over. Messages never show a key. */
function keysOf(text: string, file: string): PayloadKey[] {
  const keys = text.split('\n').flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const [, id = '', encoded = ''] = /^\s*([A-Za-z0-9._-]{1,63}):([A-Za-z0-9+/]+={0,2})\s*$/.exec(line) ?? [];
    const key = Buffer.from(encoded, 'base64');
    if (id !== '' && key.length === keyBytes) return [{ id, key }];
    throw wrong(file, `line ${String(i + 1)} is no key: <name>:<${String(keyBytes)} bytes in base64>`);
  });
  const twice = keys.find(({ id }, i) => keys.findIndex((other) => other.id === id) < i);
  if (twice !== undefined) throw wrong(file, `two keys are called "${twice.id}": give each a name of its own`);
  if (keys.length === 0) throw wrong(file, 'there is no key in it');
  return keys;
}

const wrong = (file: string, what: string): ClientError =>
  new ClientError('bad-input', `${file} (${variable}): ${what}. \`echo "k1:$(openssl rand -base64 32)"\` makes one.`);
