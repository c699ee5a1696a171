import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RelaunchError } from '../contracts/failures.ts';
import { hasCode } from './system-errors.ts';

/**
 * The directory of a store. A disk that was unmounted, or a directory that was moved away, looks like a store without objects: what has
 * been written to once, and is not there any more, is unavailable, not empty, and is not begun anew.
 */
export class StoreRoot {
  readonly path: string;
  /** Where writes begin; each store that was ever written to has it. */
  readonly temps: string;
  /** Whether a store has been seen here. */
  #seen = false;

  constructor(path: string) {
    this.path = path;
    this.temps = join(path, '.tmp');
  }

  /** After a read; `nothing`: it found nothing, which only says something of a store that is there. @throws RelaunchError StoreUnavailable */
  async check(nothing: boolean): Promise<void> {
    // From before looking: another call may begin the store meanwhile, and then this look says nothing.
    const seen = this.#seen;
    if (seen && !nothing) return;
    const isThere = await exists(this.temps);
    if (seen && !isThere) {
      throw new RelaunchError('StoreUnavailable', `the store's directory ${this.path} is gone: mount or move it back`);
    }
    this.#seen ||= isThere;
  }

  /** Before a write: makes the directory where no store has been seen. @throws RelaunchError StoreUnavailable */
  async prepare(): Promise<void> {
    await this.check(true);
    if (this.#seen) return;
    await mkdir(this.temps, { recursive: true, mode: 0o700 });
    this.#seen = true;
  }

  /** Makes a directory below the root; the root itself has to be there. */
  async makeDirectory(directory: string): Promise<void> {
    try {
      await mkdir(directory, { mode: 0o700 });
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return;
      if (!hasCode(error, 'ENOENT') || directory === this.path) throw error;
      await this.makeDirectory(dirname(directory));
      await this.makeDirectory(directory);
    }
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    },
  );
}
