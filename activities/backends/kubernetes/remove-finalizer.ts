import { finalizer } from './labels.ts';
import type { Pod } from './objects.ts';
import type { Place } from './place.ts';
import { isStatus } from './status-error.ts';

/** Takes our finalizer, and no other, off a pod. One that is gone has none. */
export async function removeFinalizer(place: Place, pod: Pod, signal: AbortSignal): Promise<void> {
  let { finalizers } = pod.metadata;
  for (;;) {
    const index = finalizers?.indexOf(finalizer) ?? -1;
    if (index < 0) return;
    const path = `/metadata/finalizers/${String(index)}`;
    try {
      await place.api.find({
        method: 'PATCH',
        path: place.path('pods', pod.metadata.name),
        contentType: 'application/json-patch+json',
        body: [
          { op: 'test', path: '/metadata/uid', value: pod.metadata.uid },
          { op: 'test', path, value: finalizer },
          { op: 'remove', path },
        ],
        signal,
      });
      return;
    } catch (error) {
      // Another controller took its own off meanwhile.
      if (!isStatus(error, 422) && !isStatus(error, 409) && !isStatus(error, 400)) throw error;
      const query = { fieldSelector: `metadata.name=${pod.metadata.name}` };
      const { items } = await place.api.send<{ items: Pod[] }>({
        method: 'GET',
        path: place.path('pods'),
        query,
        signal,
      });
      const now = items.find(({ metadata }) => metadata.uid === pod.metadata.uid);
      if (now === undefined) return;
      ({ finalizers } = now.metadata);
    }
  }
}
