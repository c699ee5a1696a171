/** An image that is named by all that went in. */
export interface KeyedImage {
  repository: string;
  /** As {@link imageKey} makes it: its tag. */
  key: string;
}

/** The name that it is built and pushed under. */
export const tagOf = ({ repository, key }: KeyedImage): string => `${repository}:${key}`;

/** The name that it runs by. */
export const byDigest = ({ repository }: Pick<KeyedImage, 'repository'>, digest: string): string =>
  `${repository}@${digest}`;
