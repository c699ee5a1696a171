import { oneAtATime } from '../lock.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { pidOf, start } from '../part.ts';
import { claimPlace, readPlace } from '../record.ts';
import { timed } from '../timed.ts';
import { waitFor } from '../wait-for.ts';
import { s3, type Place } from './place.ts';
import { bringServer } from './program.ts';

export interface UpOptions extends TestbedOptions {
  /** A multiple of 100; another one for each testbed on a machine. Default: 26600. */
  basePort?: number | undefined;
}

/** An S3 with one bucket, on loopback. It takes any credentials, and knows no rights. */
export interface S3Testbed {
  /** What reaches it, with a store in its bucket. */
  env: Record<
    'AWS_ENDPOINT_URL_S3' | 'AWS_REGION' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'RELAUNCH_STORE',
    string
  >;
  stateDir: string;
}

/** Whether one of ours runs in a directory already. */
export async function isS3Up(options: TestbedOptions = {}): Promise<boolean> {
  const place = await readPlace(s3, settle(s3, options).stateDir);
  return place !== undefined && (await pidOf(place, 'gofakes3')) !== undefined;
}

/** Builds the server that tests start for themselves. Answers its path. @throws RelaunchError */
export async function prepareS3(options: TestbedOptions = {}): Promise<string> {
  const { cache, say } = settle(s3, options);
  return oneAtATime(cache, say, () => bringServer(cache, say));
}

/** Brings up an S3, unless it runs. What is in it outlives its process. @throws RelaunchError */
export async function upS3(options: UpOptions = {}): Promise<S3Testbed> {
  const { cache, stateDir, say } = settle(s3, options);
  return oneAtATime(cache, say, async () => {
    const program = await bringServer(cache, say);
    const place = await claimPlace(s3, stateDir, options.basePort);
    await timed(say, 'S3 is ready', () => startServer(place, program));
    return {
      env: {
        AWS_ENDPOINT_URL_S3: urlOf(place),
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
        RELAUNCH_STORE: 's3://relaunch/store',
      },
      stateDir: place.stateDir,
    };
  });
}

async function startServer(place: Place, program: string): Promise<void> {
  const host = `127.0.0.1:${String(place.ports.s3)}`;
  await start(place, {
    name: 'gofakes3',
    command: [program, '-host', host, '-bucket', 'relaunch', '-file', place.objects],
  });
  await waitFor(place, 'gofakes3', 30_000, async () => {
    const { status } = await fetch(urlOf(place));
    return status === 200 ? undefined : `it answers ${String(status)}`;
  });
}

const urlOf = ({ ports }: Place): string => `http://127.0.0.1:${String(ports.s3)}`;
