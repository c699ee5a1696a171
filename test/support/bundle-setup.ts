import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { createLogger } from '../../workers/logger.ts';
import { bundlePath, bundleVariable } from './workflow-bundle.ts';

/** Bundles the workflow code for the tests of all projects, and anew when vitest runs them again. Vitest sets up one project after the other: the first does it. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (bundlePath() !== undefined) return undefined;
  const scratch = await mkdtemp(join(tmpdir(), 'relaunch-bundle-'));
  const path = join(scratch, 'workflows.js');
  const bundle = async (): Promise<void> => writeFile(path, (await bundleWorkflows(createLogger('warn'))).code);
  await bundle();
  process.env[bundleVariable] = path;
  project.onTestsRerun(bundle);
  return () => rm(scratch, { recursive: true });
}
