import type { DeviceRequest } from 'dockerode';
import { z } from 'zod';
import { text } from './values.ts';

const rule = 'all, a number, or such as device=0,1 or "count=2,capabilities=utility"';

/**
 * `--gpus` as a request for devices: `all`, `2`, `device=0,1` (with quotes around it or without), `driver=nvidia,count=2`.
 * @see https://github.com/docker/cli/blob/v20.10.27/opts/gpus.go
 */
export const gpus = text.transform((value, context): DeviceRequest => {
  const request = requestOf(value.replace(/^(["'])(.*)\1$/, '$2'));
  if (request !== undefined) return request;
  context.addIssue({ code: 'custom', message: rule });
  return z.NEVER;
});

function requestOf(value: string): DeviceRequest | undefined {
  const fields = new Map<string, string[]>();
  let key = 'count';
  for (const part of value.split(',')) {
    const [name = '', ...rest] = part.trim().replace(/^"|"$/g, '').split('=');
    if (rest.length > 0) key = name;
    const word = rest.length > 0 ? rest.join('=') : name;
    if (word === '') return undefined;
    fields.set(key, [...(fields.get(key) ?? []), word]);
  }
  const { count, device, driver = [], capabilities = [], ...others } = Object.fromEntries(fields);
  const given = count ?? (device === undefined ? ['all'] : undefined);
  if (Object.keys(others).length > 0 || (count !== undefined && device !== undefined)) return undefined;
  if ((given ?? driver).length > 1 || !/^(all|-1|[1-9]\d*)$/.test(given?.[0] ?? 'all')) return undefined;
  return {
    Driver: driver[0] ?? '',
    ...(given === undefined
      ? { DeviceIDs: device ?? [] }
      : { Count: /^[1-9]/.test(given[0] ?? '') ? Number(given[0]) : -1 }),
    Capabilities: [[...new Set(['gpu', ...capabilities])]],
  };
}
