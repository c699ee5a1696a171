import { RelaunchError } from '../../../contracts/failures.ts';
import { attemptName } from '../../../contracts/names.ts';
import type { AttemptRef } from '../backend.ts';
import { label } from '../labels.ts';
import type { Engine } from './engine.ts';
import type { Container } from './objects.ts';

/** What all parts of the Docker backend stand on. */
export interface DockerSite {
  engine: Engine;
  /** The id of the Temporal namespace: of all that is ours. */
  owner: string;
  /** The name of this host, for outcomes. */
  node: string;
  /** Where Docker's config.json is, with the credentials that images are pulled with. */
  configDirectory: string;
  reached(point: DockerPoint): Promise<void>;
}

/** Between two steps of a submit: a container has been made for a source, has that, has the attempt's name. */
export type DockerPoint = 'docker:made' | 'docker:filled' | 'docker:named';

/** The container of this attempt's name, whoever's it is. */
export function findContainer(
  { engine }: DockerSite,
  ref: AttemptRef,
  signal: AbortSignal,
): Promise<Container | undefined> {
  return readContainer(engine, attemptName(ref.run, ref.attempt), signal);
}

/** `patienceMs`: of EngineRequest. */
export function readContainer(
  engine: Engine,
  name: string,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<Container | undefined> {
  const path = `/containers/${encodeURIComponent(name)}/json`;
  return engine.find({ method: 'GET', path, signal, ...(patienceMs === undefined ? {} : { patienceMs }) });
}

export const isOurs = ({ owner }: DockerSite, { Config: { Labels } }: Container, { uid }: AttemptRef): boolean =>
  Labels?.[label.uid] === uid && Labels[label.owner] === owner;

/** @throws RelaunchError AttemptRefused where it is somebody else's */
export function checkOurs(site: DockerSite, container: Container | undefined, ref: AttemptRef): void {
  if (container === undefined || isOurs(site, container, ref)) return;
  const name = attemptName(ref.run, ref.attempt);
  const whose = container.Config.Labels?.[label.uid];
  throw new RelaunchError(
    'AttemptRefused',
    `container ${name} on ${site.engine.host} belongs to ${whose === undefined ? 'somebody else' : `another run of the name "${ref.run}" (uid ${whose}, not ${ref.uid})`}: launch under another name, or remove it`,
  );
}
