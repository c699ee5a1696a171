import type { ImageSpec } from '../contracts/image-spec.ts';

/** The flags that say how code becomes an image, as commander reads them. */
export interface ImageFlags {
  dockerfile?: string;
  baseImage?: string;
  buildContext?: string;
  workingDir?: string;
  runtime?: string;
  acceleratorImage?: string;
}

/** What they say, and of the builder what was said `before`. Fields are not checked here. */
export function imageFields(flags: ImageFlags, before: Partial<ImageSpec['builder']> = {}): Partial<ImageSpec> {
  const { dockerfile, baseImage, buildContext, workingDir, runtime, acceleratorImage } = flags;
  const builder = { ...before, ...given({ runtime, acceleratorImage }) };
  return {
    ...given({ dockerfile, baseImage, buildContext, workingDir }),
    ...(Object.keys(builder).length === 0 ? {} : { builder }),
  };
}

/** Without what was not given. */
export const given = <T extends object>(flags: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
