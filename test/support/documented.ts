import { readFile } from 'node:fs/promises';

/** The fenced blocks of a page of docs, by the word behind their language: ```sh certificates. */
export async function documented(page: string): Promise<(name: string) => string> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  const blocks = new Map(
    [...text.matchAll(/^```\w+ (\w+)\n([^]*?)^```$/gm)].map(([, name = '', code = '']) => [name, code]),
  );
  return (name) => {
    const found = blocks.get(name);
    if (found === undefined) throw new Error(`docs/${page} has no block called ${name}`);
    return found;
  };
}
