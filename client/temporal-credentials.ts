import type { ClientConnectConfig } from '@temporalio/envconfig';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who we are to Temporal, in words a user can look up: which key or certificate, of which variable or profile. Nothing secret. */
export function credentialsOf(env: Environment, { apiKey, tls }: ClientConnectConfig['connectionOptions']): string {
  const shown = [
    ...(apiKey == null ? [] : [`the API key of ${sourceOf(env, 'TEMPORAL_API_KEY')}`]),
    ...(typeof tls === 'object' && tls?.clientCertPair
      ? [`the certificate of ${sourceOf(env, 'TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_CERT_DATA')}`]
      : []),
  ];
  return (
    shown.join(' and ') ||
    `nobody: there is no API key and no certificate, neither in TEMPORAL_* variables nor in ${profileOf(env)}`
  );
}

function sourceOf(env: Environment, ...variables: string[]): string {
  const name = variables.find((each) => env[each]);
  if (name === undefined) return profileOf(env);
  return name.endsWith('_PATH') ? `${name}, ${env[name] ?? ''}` : name;
}

function profileOf(env: Environment): string {
  return `profile "${env['TEMPORAL_PROFILE'] || 'default'}" in ${env['TEMPORAL_CONFIG_FILE'] || 'temporal.toml'}`;
}
