import { setTimeout as sleep } from 'node:timers/promises';
import { connect, list, type Settings } from '../../client/index.ts';

const patienceMs = 30_000;

/** Waits until a server that has just started knows the entity's namespace. @throws ClientError */
export async function untilNamespace(settings: Settings): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await knowsNamespace(settings);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function knowsNamespace(settings: Settings): Promise<void> {
  const relaunch = await connect(settings);
  try {
    await list(relaunch, {}, 1);
  } finally {
    await relaunch.close();
  }
}
