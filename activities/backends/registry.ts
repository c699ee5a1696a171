import os from 'node:os';
import type { Backend } from './backend.ts';
import { createProcessBackend } from './process/process-backend.ts';

/** Every backend that this host has. Adding one touches its folder and this list. */
export function createBackends(options: { home: string; baseEnv: Readonly<Record<string, string>> }): Backend[] {
  return [createProcessBackend({ ...options, node: os.hostname() })];
}
