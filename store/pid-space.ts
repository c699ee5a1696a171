import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Within which a pid is one process at a time, on a host of one name: a boot of Linux, and of that a namespace. Where two are the same, either the
 * namespace is, or the earlier one is gone with all that was in it. Undefined where it cannot be told.
 */
export function pidSpace(): string | undefined {
  if (process.platform !== 'linux') return process.platform;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
