import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { prepareS3 } from '../../scripts/testbed/s3/up.ts';

/** An S3 with one empty bucket, `relaunch`, for one test file. */
export interface S3Server extends AsyncDisposable {
  url: string;
}

/** What makes the S3 at an endpoint this process's own, and lets nothing else be found. */
export const s3Env = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'only-for-tests',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Until it is disposed of. It keeps everything in memory. */
export async function startS3(): Promise<S3Server> {
  const child = spawn(await prepareS3(), [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
