import { RelaunchError } from '../../../contracts/failures.ts';

/** An image, and where it is. */
export interface ImageName {
  /** With its port, as people write it: `registry.example:5000`; that of Docker Hub is `docker.io`. */
  host: string;
  /** Docker Hub's own images are in `library/`. */
  repository: string;
  tag?: string;
  /** `sha256:...`: the only algorithm that registries use. It wins over a tag. */
  digest?: string;
}

const hub = 'docker.io';

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const inRegistry = new RegExp(
  `^(?<repository>${component}(?:/${component})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);

/**
 * Reads a name as Docker does: what comes before the first slash is a host if it looks like one, else the image is Docker Hub's.
 * @see https://github.com/distribution/reference normalize.go and regexp.go
 * @throws RelaunchError LaunchRejected
 */
export function parseImageName(text: string): ImageName {
  const { host, rest } = splitHost(text);
  const found = inRegistry.exec(rest)?.groups;
  const repository = found?.['repository'] ?? '';
  const isImageId = /^[0-9a-f]{64}$/.test(text);
  if (repository === '' || repository.length > 255 || isImageId || !isHost(host)) {
    throw new RelaunchError(
      'LaunchRejected',
      `image ${JSON.stringify(text.slice(0, 200))} is no name of an image: write one such as registry.example:5000/team/train:v3, in small letters, or one with @sha256:<digest>`,
    );
  }
  return {
    host,
    repository,
    ...(found?.['tag'] === undefined ? {} : { tag: found['tag'] }),
    ...(found?.['digest'] === undefined ? {} : { digest: found['digest'] }),
  };
}

/** The whole name, its host included. */
export function formatImageName({ host, repository, tag, digest }: ImageName): string {
  return `${host}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function splitHost(text: string): { host: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  if (!/[.:A-Z]/.test(first) && first !== 'localhost') return onHub(text);
  const rest = text.slice(slash + 1);
  return first === hub || first === 'index.docker.io' ? onHub(rest) : { host: first, rest };
}

const onHub = (rest: string): { host: string; rest: string } => ({
  host: hub,
  rest: rest.includes('/') ? rest : `library/${rest}`,
});

const isHost = (host: string): boolean => hostPattern.test(host) && URL.canParse(`https://${host}`);
