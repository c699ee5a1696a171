import { join, resolve } from 'node:path';
import type { Kind, Place as AnyPlace } from '../place.ts';

export interface Place extends AnyPlace {
  ports: { s3: number };
  /** Everything that is in the bucket. */
  objects: string;
}

function placeOf(stateDir: string, basePort: number): Place {
  return {
    stateDir: resolve(stateDir),
    basePort,
    ports: { s3: basePort },
    objects: join(resolve(stateDir), 'objects.bolt'),
    cgroup: `relaunch-s3-${String(basePort)}`,
  };
}

export const s3: Kind<Place> = { name: 's3', defaultBasePort: 26_600, placeOf };
