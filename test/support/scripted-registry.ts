import { createHash } from 'node:crypto';
import dns from 'node:dns';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Answer, Exchange, ScriptedHttp } from './scripted-http.ts';

export const sha256 = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

export const ociImage = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';

/** Has a registry serve a manifest, by its digest and by tags. @returns its digest */
export function serveManifest(
  registry: ScriptedHttp,
  repository: string,
  manifest: object,
  tags: readonly string[] = [],
): string {
  const content = JSON.stringify(manifest);
  const digest = sha256(content);
  const headers = { 'content-type': ociImage, 'docker-content-digest': digest };
  for (const reference of [digest, ...tags]) {
    registry.serve(`/v2/${repository}/manifests/${reference}`, (exchange) => {
      exchange.json(manifest, 200, headers);
    });
  }
  return digest;
}

/** Registries' own way to say no. */
export const refuses =
  (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer =>
  (exchange) => {
    exchange.json({ errors: [{ code, message }] }, status, headers);
  };

/** An answer only for those who show the right authorization; others are challenged. */
export const behind =
  (authorization: string, challenge: string, answer: Answer): Answer =>
  (exchange) =>
    exchange.headers.authorization === authorization
      ? answer(exchange)
      : refuses(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge })(exchange);

/** What was asked of a server, in order: `HEAD /v2/team/train/manifests/v3`. */
export const asked = (server: ScriptedHttp): string[] =>
  server.requests().map(({ method, path }: Exchange) => `${method} ${path}`);

/** A directory with Docker's configuration, until the test is over. */
export async function dockerConfigDir(config: unknown): Promise<string> {
  const directory = await scratch();
  await writeFile(join(directory, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return directory;
}

/** A program `docker-credential-<name>` on PATH, until the test is over: a shell script. @returns where it may leave files */
export async function credentialHelper(name: string, script: string): Promise<string> {
  const directory = await scratch();
  const file = join(directory, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\ncd ${directory}\n${script}\n`);
  await chmod(file, 0o700);
  vi.stubEnv('PATH', `${directory}${delimiter}${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return directory;
}

/** Every name is this machine's until the test is over, and nothing goes anywhere else. */
export function everyNameIsHere(): void {
  const lookup = vi.spyOn(dns, 'lookup');
  lookup.mockImplementation(((_name: string, _options: unknown, found: (error: null, all: object[]) => void) => {
    found(null, [{ address: '127.0.0.1', family: 4 }]);
  }) as unknown as typeof dns.lookup);
  onTestFinished(() => {
    lookup.mockRestore();
  });
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-registry-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}
