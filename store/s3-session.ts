import { S3, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Upload } from '@aws-sdk/lib-storage';
import { getProfileName } from '@smithy/core/config';

export interface S3Times {
  /** How long a connection may take, in ms. Default: 5,000. */
  connectMs?: number;
  /** How long one may be silent, in ms. Default: 10,000. */
  idleMs?: number;
}

/** S3 by the credentials, the region and the endpoint that the environment of this process gives. */
export interface S3Session {
  s3: S3;
  /** Writes an object, a large one in parts, of which none stays behind where that fails. */
  put(input: WholeObject): Promise<void>;
  /** By what it is known at S3: `access key AKIA… of profile "team"`. */
  who(): Promise<string>;
  /** Its endpoint, where there is one, else the region. */
  where(): Promise<string>;
}

/** The SDK notes by which of its ways it came to credentials. */
type Attributed = Awaited<ReturnType<S3['config']['credentials']>> & { $source?: object };

type WholeObject = PutObjectCommandInput & { Body: Uint8Array };

const mebibyte = 1_024 * 1_024;
const partBytes = 8 * mebibyte;

/**
 * Only here the AWS SDK is imported, which takes a tenth of a second: for those alone who have a store on S3. Its own default chain finds
 * credentials: variables, profiles, SSO, web identities of pods, roles of machines.
 */
export async function openS3Session({ connectMs = 5_000, idleMs = 10_000 }: S3Times): Promise<S3Session> {
  const s3 = new S3({
    requestHandler: { connectionTimeout: connectMs, socketTimeout: idleMs },
    // Files are read again when a session begins anew, after its credentials were refused.
    credentials: defaultProvider({ ignoreCache: true }),
  });
  const endpoint = await s3.config.serviceConfiguredEndpoint?.();
  // Servers that are not AWS's seldom have a name for each bucket.
  if (endpoint !== undefined) s3.config.forcePathStyle = true;
  return {
    s3,
    put: (input) => put(s3, input),
    who: () => who(s3),
    where: async () => endpoint ?? `S3 in ${await s3.config.region().catch(() => 'an unknown region')}`,
  };
}

async function put(s3: S3, params: WholeObject): Promise<void> {
  if (params.Body.byteLength <= 2 * partBytes) await s3.putObject(params);
  else await new Upload({ client: s3, params, partSize: partBytes }).done();
}

async function who(s3: S3): Promise<string> {
  const profile = `profile "${getProfileName({})}"`;
  const credentials: Attributed | undefined = await s3.config.credentials().catch(() => undefined);
  if (credentials === undefined) return profile;
  const { accessKeyId, accountId, $source: source = {} } = credentials;
  const account = accountId === undefined ? '' : ` of account ${accountId}`;
  const from = Object.keys(source).some((each) => each.includes('PROFILE')) ? ` of ${profile}` : '';
  return `access key ${accessKeyId}${from}${account}`;
}
