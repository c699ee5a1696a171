import { z } from 'zod';

/** As W&B has it: what a job declares by `manage_config_file`. */
export const patchedPath = z
  .string()
  .max(1_000, 'at most 1000 characters')
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').some((part) => ['', '.', '..'].includes(part)),
    'a path within the source: relative, without "." or ".."',
  )
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f-\u009f\\]*$/, 'no control characters and no backslash')
  .regex(/\.(json|yaml|yml)$/, 'a JSON or YAML file: .json, .yaml or .yml');

/**
 * Changes of JSON and YAML files of the source, by their paths from where the command starts. Maps are merged with what the file has, all else
 * takes its place; null is a value, as in W&B.
 */
export const filePatches = z
  .record(patchedPath, z.record(z.string(), z.json(), 'a map: what changes in the file'), 'a map of files')
  .refine((files) => Object.keys(files).length <= 32, 'at most 32 files');
export type FilePatches = z.output<typeof filePatches>;

/** W&B's artifacts in place of those that the job names, by the job's names for them. */
export const artifacts = z.record(z.string().min(1, 'the name of an artifact'), z.json(), 'a map of artifacts');
