import { Header, Pax } from 'tar';

const blockBytes = 512;

interface TarEntry {
  path: string;
  linkpath?: string;
  mode: number;
  size: number;
  type: 'File' | 'SymbolicLink' | 'Directory';
}

/** What stands before an entry's content in a tar. Nobody owns it; `mtime` is none unless it is given: the same entries are the same bytes. */
export function tarHeader(entry: TarEntry, mtime = new Date(0)): Uint8Array {
  const header = new Header({ ...entry, mtime, uid: 0, gid: 0, uname: '', gname: '' });
  const needsPax = header.encode();
  const { path, linkpath } = entry;
  const pax = needsPax
    ? new Pax({ path, ...(linkpath === undefined ? {} : { linkpath }), mtime, uid: 0, gid: 0 }).encode()
    : Buffer.alloc(0);
  return Buffer.concat([pax, header.block ?? Buffer.alloc(0)]);
}

/** What follows a file's content. */
export const tarPadding = (sizeBytes: number): Uint8Array => Buffer.alloc(-sizeBytes & (blockBytes - 1));

/** What follows the last entry. */
export const tarEnd = (): Uint8Array => Buffer.alloc(2 * blockBytes);
