import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './kubectl.ts';

/** The objects of a file of deploy/. */
export async function objectsIn(file: string, change = (text: string): string => text): Promise<Manifest[]> {
  const path = fileURLToPath(new URL(file, new URL('../../../deploy/', import.meta.url)));
  return parseAllDocuments(change(await readFile(path, 'utf8'))).map((document) => document.toJS() as Manifest);
}
