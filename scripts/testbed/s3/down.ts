import { oneAtATime } from '../lock.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { kill } from '../part.ts';
import { readPlace, removePlace } from '../record.ts';
import { s3 } from './place.ts';

/** Ends what `upS3` started in a directory, and removes the directory. The cache stays. Answers whether there was one. */
export async function downS3(options: TestbedOptions = {}): Promise<boolean> {
  const { cache, stateDir, say } = settle(s3, options);
  return oneAtATime(cache, say, async () => {
    const place = await readPlace(s3, stateDir);
    if (place === undefined) return false;
    await kill(place, 'gofakes3');
    await removePlace(place);
    return true;
  });
}
