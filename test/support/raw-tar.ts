import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface RawEntry {
  path: string;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` FIFO, `x` and `g` pax. */
  flag?: string;
  linkpath?: string;
  mode?: number;
  body?: string | Uint8Array;
  /** Where the header is to lie about it. */
  size?: number;
}

/** One entry of a tar, by hand: no library keeps us from writing what no library would. */
export function rawEntry({ path, flag = '0', linkpath = '', mode = 0o644, body = '', size }: RawEntry): Uint8Array {
  const content = Buffer.from(body);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  octal(header, mode, 100, 8);
  octal(header, 0, 108, 8);
  octal(header, 0, 116, 8);
  octal(header, size ?? content.length, 124, 12);
  octal(header, 0, 136, 12);
  header.fill(' ', 148, 156);
  header.write(flag, 156, 1);
  header.write(linkpath, 157, 100);
  header.write('ustar\u000000', 257, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return Buffer.concat([header, content, Buffer.alloc(-content.length & 511)]);
}

/** A pax header in front of `entry` that says other things than it does. */
export function paxBefore(fields: Record<string, string>, entry: RawEntry): Uint8Array {
  const body = Object.entries(fields)
    .map(([name, value]) => record(name, value))
    .join('');
  return Buffer.concat([rawEntry({ path: 'PaxHeader/x', flag: 'x', body }), rawEntry(entry)]);
}

/** An archive as the store keeps it, under the right digest. */
export function rawArchive(...parts: (RawEntry | Uint8Array)[]): { digest: string; bytes: Uint8Array } {
  const blocks = parts.map((part) => (part instanceof Uint8Array ? part : rawEntry(part)));
  return archiveOf(Buffer.concat([...blocks, Buffer.alloc(1_024)]));
}

export function archiveOf(tar: Uint8Array): { digest: string; bytes: Uint8Array } {
  return { digest: createHash('sha256').update(tar).digest('hex'), bytes: gzipSync(tar) };
}

function octal(header: Buffer, value: number, offset: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length);
}

function record(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  const length = [1, 2, 3, 4, 5]
    .map((digits) => Buffer.byteLength(rest) + digits)
    .find((n) => String(n).length + Buffer.byteLength(rest) === n);
  return `${String(length)}${rest}`;
}
