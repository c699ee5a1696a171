import { z } from 'zod';

const factors = new Map([
  ['m', 0.001],
  ['', 1],
  ...['k', 'M', 'G', 'T', 'P'].map((unit, i) => [unit, 1_000 ** (i + 1)] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi'].map((unit, i) => [unit, 1_024 ** (i + 1)] as const),
]);

/** What a quantity of Kubernetes is: `500m`, `16Gi`, `1.5`. Undefined: it is none. */
export function quantityOf(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?)(m|[kMGTP]|[KMGTP]i)?$/.exec(text) ?? [];
  const factor = factors.get(unit);
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

const quantity = (rule: string, fits: (value: number) => boolean) =>
  z
    .union([z.number(), z.string()], { error: rule })
    .transform((given) => (typeof given === 'string' ? (quantityOf(given) ?? NaN) : given))
    .refine((value) => fits(value), rule);

/** What a run gets of a machine, on backends that can give it. Each backend has its own words for it. */
export const resources = z.strictObject({
  /** Cores, such as 2, 0.5 or 500m. */
  cpu: quantity('cores, such as 2, 0.5 or 500m', (cores) => cores >= 0.001 && cores <= 100_000).optional(),
  /** Bytes, such as 16Gi or 512Mi. */
  memory: quantity(
    'bytes, such as 16Gi or 512Mi',
    (bytes) => Number.isSafeInteger(bytes) && bytes >= 1_048_576,
  ).optional(),
  gpu: z.int('0 to 1024').min(0, '0 to 1024').max(1_024, '0 to 1024').optional(),
});
export type Resources = z.output<typeof resources>;
