import { readFile } from 'node:fs/promises';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { createLogger } from '../../workers/logger.ts';

/** Where the setup of our tests says to the processes that run them which file it has put the workflow code into. */
export const bundleVariable = 'RELAUNCH_TEST_BUNDLE';

/** The file; undefined where no setup has made one. */
export const bundlePath = (): string | undefined => process.env[bundleVariable];

/** The workflow code, bundled once for all tests: it takes two seconds of computing. */
export async function workflowBundle(): Promise<WorkflowBundle> {
  const path = bundlePath();
  return path === undefined ? bundleWorkflows(createLogger('warn')) : { code: await readFile(path, 'utf8') };
}
