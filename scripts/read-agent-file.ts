import os from 'node:os';
import { resolve } from 'node:path';
import { ClientError } from '../client/index.ts';
import { agentSpec, type AgentSpec } from '../contracts/agent-spec.ts';
import type { GitHost } from '../contracts/git-hosts.ts';
import { fieldIssues, formatIssues, type FieldIssue } from '../contracts/issues.ts';
import { agentFileOf } from '../contracts/wandb-agent.ts';
import { readYamlFile } from './read-input.ts';

/**
 * An agent's file, or W&B's `launch-config.yaml`. Its paths count from where it is, those with `~/` from the home directory. `note` is told
 * what of W&B's has no meaning here. @throws ClientError bad-input with every wrong field
 */
export function readAgentFile(path: string, cwd: string, note: (text: string) => void = () => undefined): AgentSpec {
  const { value: written, dir } = readYamlFile(path, cwd);
  const refused = (issues: readonly FieldIssue[]): ClientError =>
    new ClientError('bad-input', `${path} is no agent's file:\n${formatIssues(issues)}`);
  const read = agentFileOf(written);
  if ('issues' in read) throw refused(read.issues);
  const parsed = agentSpec.safeParse(read.value ?? {});
  if (!parsed.success) throw refused(fieldIssues(parsed.error, read.value));
  for (const each of read.notes) note(`${path}: ${each}`);
  const { kubernetes, builder, git, secrets } = parsed.data;
  const pathOf = (written: string): string => resolve(dir, written.replace(/^~(?=\/)/, os.homedir()));
  return {
    ...parsed.data,
    ...(kubernetes === undefined ? {} : { kubernetes: withClusterPaths(kubernetes, pathOf) }),
    ...(git === undefined
      ? {}
      : { git: Object.fromEntries(Object.entries(git).map(([name, host]) => [name, withPaths(host, pathOf)])) }),
    ...(secrets?.directory === undefined ? {} : { secrets: { ...secrets, directory: pathOf(secrets.directory) } }),
    ...(builder?.caBundle === undefined ? {} : { builder: { ...builder, caBundle: pathOf(builder.caBundle) } }),
  };
}

function withClusterPaths(
  { kubeconfig, code, ...rest }: NonNullable<AgentSpec['kubernetes']>,
  pathOf: (written: string) => string,
): NonNullable<AgentSpec['kubernetes']> {
  const paths = Object.entries(code ?? {}).map(([claim, path]) => [claim, pathOf(path)]);
  return {
    ...rest,
    ...(kubeconfig === undefined ? {} : { kubeconfig: pathOf(kubeconfig) }),
    ...(code === undefined ? {} : { code: Object.fromEntries(paths) as Record<string, string> }),
  };
}

function withPaths({ token, ...host }: GitHost, pathOf: (written: string) => string): GitHost {
  const { sshKey, knownHosts, caBundle } = host;
  const paths = Object.entries({ sshKey, knownHosts, caBundle }).flatMap(([key, path]) =>
    path === undefined ? [] : [[key, pathOf(path)]],
  );
  return {
    ...host,
    ...(Object.fromEntries(paths) as Partial<GitHost>),
    ...(token === undefined ? {} : { token: 'file' in token ? { file: pathOf(token.file) } : token }),
  };
}
