import { isGrpcDeadlineError, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { ClientError } from './errors.ts';
import type { Settings } from './settings.ts';

/** Codes of gRPC: https://grpc.io/docs/guides/status-codes/ */
const grpc = { invalidArgument: 3, notFound: 5, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const;

/** Runs `call` and turns what Temporal answers into sentences. @throws ClientError */
export async function asking<T>(settings: Settings, run: string | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw inWords(error, settings, run);
  }
}

function inWords(error: unknown, settings: Settings, run: string | undefined): unknown {
  const { entity, temporal } = settings;
  const options = { cause: error };
  if (error instanceof WorkflowNotFoundError && run !== undefined) {
    return new ClientError(
      'run-not-found',
      `there is no run "${run}" in entity "${entity}". \`relaunch list\` shows those there are.`,
      options,
    );
  }
  const cause = error instanceof ServiceError ? error.cause : error;
  if (isGrpcDeadlineError(error))
    return new ClientError('temporal-unreachable', 'Temporal did not answer in time: try again.', options);
  if (!isGrpcServiceError(cause)) return error;
  const code: number = cause.code;
  const { details } = cause;
  if (code === grpc.invalidArgument && /search ?attribute|Relaunch/i.test(details)) {
    return new ClientError(
      'temporal-refused',
      `Temporal does not know our search attributes in entity "${entity}" (${details}). Start \`relaunch control\`, which registers them.`,
      options,
    );
  }
  if (code === grpc.notFound && /namespace/i.test(details)) {
    return new ClientError(
      'temporal-refused',
      `there is no entity "${entity}": Temporal at ${temporal.address} has no namespace of that name. Choose another one (--entity, TEMPORAL_NAMESPACE).`,
      options,
    );
  }
  if (code === grpc.permissionDenied || code === grpc.unauthenticated) {
    const { address } = temporal;
    const refuses =
      code === grpc.permissionDenied ? `does not let you do this in entity "${entity}"` : 'does not know you';
    return new ClientError(
      'temporal-refused',
      `Temporal at ${address} ${refuses}: ${details.replace(/\.$/, '')}. ${whoAmI(settings)}`,
      options,
    );
  }
  if (code === grpc.unavailable)
    return new ClientError(
      'temporal-unreachable',
      `Temporal cannot be reached any more (${details.split('\n')[0]?.replace(/ *Resolution note:.*$/, '') ?? ''}). Runs go on without us.`,
      options,
    );
  return new ClientError('temporal-refused', `Temporal refused: ${details}`, options);
}

/** Who asked, and the ways out. */
export function whoAmI({ entity, credentials = 'a client that says nothing of itself' }: Settings): string {
  return (
    `You asked as ${credentials}. If you should be let in, ask the owner of entity "${entity}" for new credentials; ` +
    'others are chosen by TEMPORAL_PROFILE, TEMPORAL_API_KEY, TEMPORAL_TLS_CLIENT_* and TEMPORAL_NAMESPACE (docs/access.md).'
  );
}
