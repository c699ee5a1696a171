import type { DeviceMapping, MountSettings } from 'dockerode';
import { z } from 'zod';
import { checkpointMount } from '../checkpoints.ts';
import { bytes, listOf } from './values.ts';

const isFree = (target: string | undefined): boolean => target?.replace(/\/+$/, '') !== checkpointMount;
const taken = `${checkpointMount} is where each run has its own checkpoints: mount it elsewhere`;

/** `-v source:target[:options]`. Without a source it would be a volume that nobody finds again. */
export const volumes = listOf(
  z
    .string()
    .regex(
      /^(\/[^:]*|[a-zA-Z0-9][\w.-]*):\/[^:]+(:[\w,-]+)?$/,
      'SOURCE:TARGET[:ro], the source an absolute path or the name of a volume',
    )
    .refine((value) => isFree(value.split(':')[1]), taken),
);

/** `--tmpfs target[:options]`. */
export const tmpfs = listOf(
  z
    .string()
    .regex(/^\/[^:]+(:.+)?$/, 'TARGET[:options], such as /run:size=64m')
    .refine((value) => isFree(value.split(':')[0]), taken),
).transform((given) =>
  Object.fromEntries(given.map((one) => [one.split(':')[0] ?? '', one.slice(one.indexOf(':') + 1 || one.length)])),
);

const mountFields = z
  .strictObject({
    type: z.enum(['bind', 'volume', 'tmpfs']).default('volume'),
    source: z.string().optional(),
    target: z.string().regex(/^\//, 'an absolute path').refine(isFree, taken),
    readonly: z.enum(['', 'true', 'false', '1', '0']).optional(),
    'bind-propagation': z.enum(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']).optional(),
    'volume-nocopy': z.enum(['', 'true', 'false', '1', '0']).optional(),
    'tmpfs-size': bytes.optional(),
  })
  .refine(({ type, source }) => type === 'tmpfs' || source !== undefined, 'it needs a source');

const words = new Map([
  ['src', 'source'],
  ['dst', 'target'],
  ['destination', 'target'],
  ['ro', 'readonly'],
]);

const isSet = (value: string | undefined): boolean => value !== undefined && value !== 'false' && value !== '0';

/** `--mount type=bind,source=/data,target=/data,readonly`. */
export const mounts = listOf(
  z.string().transform((value, context): MountSettings => {
    const fields = value.split(',').map((part) => {
      const [name = '', ...rest] = part.trim().split('=');
      return [words.get(name) ?? name, rest.join('=')];
    });
    const { success, data, error } = mountFields.safeParse(Object.fromEntries(fields));
    if (success) return mountOf(data);
    const [issue] = error.issues;
    const what = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('.') ?? '');
    context.addIssue({
      code: 'custom',
      message: `such as type=bind,source=/data,target=/data,readonly (${what}: ${issue?.code === 'unrecognized_keys' ? 'not known' : (issue?.message ?? '')})`,
    });
    return z.NEVER;
  }),
);

function mountOf(fields: z.output<typeof mountFields>): MountSettings {
  const propagation = fields['bind-propagation'];
  const size = fields['tmpfs-size'];
  return {
    Type: fields.type,
    Source: fields.source ?? '',
    Target: fields.target,
    ...(isSet(fields.readonly) ? { ReadOnly: true } : {}),
    ...(propagation === undefined ? {} : { BindOptions: { Propagation: propagation } }),
    ...(isSet(fields['volume-nocopy'])
      ? { VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: '', Options: {} } } }
      : {}),
    ...(size === undefined ? {} : { TmpfsOptions: { SizeBytes: size, Mode: 0o1777 } }),
  };
}

/** `--device /dev/fuse[:/dev/fuse[:rwm]]`. */
export const devices = listOf(
  z
    .string()
    .regex(/^\/dev\/[^:]+(:\/[^:]+)?(:[rwm]{1,3})?$/, 'a device such as /dev/fuse, or /dev/sda:/dev/xvda:r')
    .transform((value): DeviceMapping => {
      const [host = '', ...rest] = value.split(':');
      const inside = rest.find((part) => part.startsWith('/')) ?? host;
      const rights = rest.find((part) => !part.startsWith('/')) ?? 'rwm';
      return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: rights };
    }),
);
