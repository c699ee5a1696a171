import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** The most that a secret has. */
export const mostSecretBytes = 64 * 1_024;

/** What is wrong with a file that should have a secret in it, in words. */
export class NoSecretFile extends Error {}

/**
 * The content of a secret's file, and whether everybody on this machine may read it. Never waits, whatever is there.
 * @throws NoSecretFile where it is no file, or too large; what the system throws
 */
export async function readSecretFile(path: string): Promise<{ value: Buffer; isLoose: boolean }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new NoSecretFile('is no file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostSecretBytes + 1), 0, mostSecretBytes + 1, 0);
    if (bytesRead > mostSecretBytes) throw new NoSecretFile(`has more than ${String(mostSecretBytes)} bytes`);
    return { value: Buffer.from(buffer.subarray(0, bytesRead)), isLoose: (found.mode & 0o004) !== 0 };
  } finally {
    await file.close();
  }
}
