import type { AgentSpec } from '../contracts/agent-spec.ts';

/** What an agent has for jobs, by its file: of its environment only what that lists. */
export function secretsOf(
  { directory, environment = [] }: Partial<NonNullable<AgentSpec['secrets']>> = {},
  env: Readonly<Record<string, string | undefined>>,
): { directory: string | undefined; environment: Record<string, string> } {
  const listed = environment.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { directory, environment: Object.fromEntries(listed) as Record<string, string> };
}
