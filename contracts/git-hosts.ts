import { z } from 'zod';

/** A host as it stands in URLs: in small letters, with its port where that is not the protocol's own. */
const hostName = z
  .string()
  .regex(
    /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$/,
    'a host such as git.example or git.example:8443',
  );

const path = z.string('a path').min(1, 'a path');

const reference = 'by reference: {file: PATH} or {env: NAME}';

/** Who an agent is to one git server. Paths count from where its file is. */
const gitHost = z
  .strictObject({
    /** Over https. Most servers take any with a token. */
    username: z
      .string('a name')
      .regex(/^[\x21-\x7e]+$/, 'a name')
      .default('git'),
    /** Over https: a token, or a password. Read again for each use. */
    token: z.union([z.strictObject({ file: path }), z.strictObject({ env: z.string().min(1) })], reference).optional(),
    /** Over ssh: a private key without a passphrase. */
    sshKey: path.optional(),
    /** Over ssh: the keys of the server, as `ssh-keyscan` writes them. No others are taken. */
    knownHosts: path.optional(),
    /** Over https: certificates in PEM that it is to trust, in place of the system's. */
    caBundle: path.optional(),
  })
  .refine(({ sshKey, knownHosts }) => (sshKey === undefined) === (knownHosts === undefined), {
    message: 'sshKey and knownHosts go together',
    path: ['knownHosts'],
  });
export type GitHost = z.output<typeof gitHost>;

/** Those that an agent is somebody to, or that it reaches in a way of their own. */
export const gitHosts = z.record(hostName, gitHost);
export type GitHosts = z.output<typeof gitHosts>;
