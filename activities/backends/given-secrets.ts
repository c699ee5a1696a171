import { fileVariable } from '../../contracts/secret-reference.ts';

/** Where the files of a container's secrets are. */
export const secretsMount = '/run/relaunch/secrets';

/** The variables that tell a job of the secrets in a directory, each a file named after its variable. */
export const fileVariables = (variables: readonly string[], directory: string): Record<string, string> =>
  Object.fromEntries(variables.map((variable) => [fileVariable(variable), `${directory}/${variable}`]));
