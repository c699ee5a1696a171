import { bundleWorkflowCode, type Logger, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const module = (path: string): string => here(path + extname(import.meta.url));

/** The converter that junk cannot wedge; clients may use the default one. */
export const payloadConverterPath = here('../workflows/payload-converter.cjs');

/** Puts messages and stacks of failures where a codec finds them. */
export const failureConverterPath = here('../workflows/failure-converter.cjs');

/** All workflow code in one script, as workers and replay tests run it. `encrypts`: failures are to be encrypted. */
export function bundleWorkflows(logger?: Logger, encrypts = false): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: module('../workflows/index'),
    preloadModules: [module('../workflows/preload')],
    payloadConverterPath,
    ...(encrypts ? { failureConverterPath } : {}),
    ...(logger === undefined ? {} : { logger }),
  });
}
