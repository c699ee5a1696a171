/** A host's name as a label value: what an agent is called unless `--name` says. */
export function agentNameOf(host: string, prefix = ''): string {
  const label = `${prefix}${host.replace(/[^A-Za-z0-9._-]+/g, '-')}`
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return label === '' ? 'agent' : label;
}
