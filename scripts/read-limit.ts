import { ClientError } from '../client/index.ts';

/** The value of `--limit`. @throws ClientError bad-input */
export function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new ClientError('bad-input', `--limit is ${JSON.stringify(text)}: a number from 1 to 999999`);
}
