import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** SHA-256 of a text as 64 lower-case hex digits. In plain JavaScript, so that workflow code may call it too. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** RFC 4648 base32 in lower case without padding: what fits into DNS labels. */
export function base32Of(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32.charAt((value >>> bits) & 31);
      value &= (1 << bits) - 1;
    }
  }
  if (bits > 0) text += base32.charAt((value << (5 - bits)) & 31);
  return text;
}

/** The first `length` characters of the base32 of a text's SHA-256. */
export function shortHash(text: string, length: number): string {
  return base32Of(sha256(utf8ToBytes(text))).slice(0, length);
}

/** JSON with sorted keys and without undefined: equal values give equal text, so that its digest identifies the value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
