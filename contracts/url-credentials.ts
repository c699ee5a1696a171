/** User, password or token in a URL. */
const inUrls = /\b([a-z][a-z0-9+.-]{0,19}):\/\/([^\s/?#'"<>]+)@/gi;

/** What stands for them: the same as pip writes. */
const stars = '****';

/** A text without the credentials of its URLs, and they: what must not be seen in a log. The name alone in `ssh://git@host` is none. */
export function withoutCredentials(text: string): { text: string; mask: string[] } {
  const mask = new Set<string>();
  const masked = text.replace(inUrls, (url, scheme: string, userinfo: string) => {
    const [user = '', ...rest] = userinfo.split(':');
    const password = rest.join(':');
    if (password === '' && scheme.toLowerCase().endsWith('ssh')) return url;
    mask.add(`${userinfo}@`);
    for (const each of password === '' ? [user] : [password]) {
      for (const form of [each, decoded(each)]) if (form.length >= shortest) mask.add(form);
    }
    return `${scheme}://${stars}@`;
  });
  return { text: masked, mask: [...mask] };
}

/** Shorter ones stand in too many other words: they are masked within URLs only. */
const shortest = 4;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
