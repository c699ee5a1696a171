import { bundleWorkflowCode, type Logger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const module = (path: string): string => here(path + extname(import.meta.url));

/** The converter that junk cannot wedge; clients may use the default one. */
export const payloadConverterPath = here('../workflows/payload-converter.cjs');

/** All workflow code in one script, as workers and replay tests run it. */
export function bundleWorkflows(logger?: Logger): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: module('../workflows/index'),
    preloadModules: [module('../workflows/preload')],
    payloadConverterPath,
    ...(logger === undefined ? {} : { logger }),
  });
}
