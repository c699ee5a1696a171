import { withoutCredentials } from '../../contracts/url-credentials.ts';

/** Lines of `pip freeze` that mean the same elsewhere: `name==version`, or a name with an address of the network. */
const usable = /^[A-Za-z0-9][\w.-]*(\[[\w.,\s-]*\])?\s*(===?\s*[\w.!+*-]+|@\s*(git\+)?https?:\/\/\S+)\s*(;.*)?$/;

/** What another environment had, as requirements. What only that machine has is left out, with a warning each. */
export function frozenRequirements(file: string, text: string): { text: string; warnings: string[] } {
  const warnings: string[] = [];
  const lines = text.split(/\r?\n/).filter((line) => {
    const requirement = line.trim();
    if (requirement === '' || requirement.startsWith('#')) return false;
    if (usable.test(requirement)) return true;
    const shown = JSON.stringify(withoutCredentials(requirement).text.slice(0, 100));
    warnings.push(`${file}: ${shown} is left out: it is no package of an index`);
    return false;
  });
  return { text: lines.map((line) => `${line.trim()}\n`).join(''), warnings };
}
