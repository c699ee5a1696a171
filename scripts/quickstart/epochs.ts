import { z } from 'zod';
import type { AttemptLine } from '../../client/index.ts';

/** A line of examples/digits/train.py. */
const epochLine = z.object({ epoch: z.int(), loss: z.number(), val_acc: z.number() });

export interface Epoch {
  attempt: number;
  /** Numbered from 0. */
  epoch: number;
  /** As the trainer wrote it, digit for digit. */
  loss: string;
  /** On data that it has not seen, 0 to 1. */
  accuracy: number;
}

/** The epoch that a line reports; undefined for other lines. */
export function epochOf({ attempt, line }: AttemptLine): Epoch | undefined {
  const loss = /"loss":\s*([-+.\deE]+)/.exec(line.m)?.[1];
  if (loss === undefined || attempt === 'build') return undefined;
  try {
    const { epoch, val_acc } = epochLine.parse(JSON.parse(line.m));
    return { attempt, epoch, loss, accuracy: val_acc };
  } catch {
    return undefined;
  }
}
