/** What a registry knows somebody by. An identity token is what some registries give at log-in instead of keeping a password. */
export type Credentials =
  { kind: 'password'; username: string; password: string } | { kind: 'identity-token'; token: string };
