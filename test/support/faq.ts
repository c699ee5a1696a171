import { readFileSync } from 'node:fs';

const block = (file: string): string => readFileSync(new URL(`../fixtures/faq/${file}`, import.meta.url), 'utf8');

/** The blocks of W&B's FAQ that are about images, verbatim. */
export const faq = {
  overrides: block('overrides.json'),
  accelerator: block('accelerator.json'),
  gpus: block('gpus.json'),
  /** A line for `requirements.txt`, with the FAQ's own placeholders. */
  requirements: block('requirements.txt'),
};

/** Its line for `requirements.txt` with real indexes in it; its first one has `xyz` for credentials. */
export const faqRequirements = (index: string, extraIndex: string): string =>
  faq.requirements.replace('https://xyz@<your-repo-host>', index).replace('<the public index>/simple', extraIndex);
