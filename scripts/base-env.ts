const inherited = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR']);

/** What jobs on this host inherit of an agent's environment: nothing that could be a credential. */
export function baseEnvOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && (inherited.has(name) || name.startsWith('LC_')) ? [[name, value]] : [],
    ),
  );
}
