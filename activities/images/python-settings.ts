/** How Python sources get their environment on a builder: of the agent's file. */
export interface PythonSettings {
  /**
   * The base image of a Python version, with `{version}` where the version goes: `registry.example/python:{version}`. It needs `/bin/sh`
   * and a `python3` that can make virtual environments. Default: `python:{version}-slim`.
   */
  pythonImage?: string | undefined;
  /** A package index in place of pip's own. Requirements with an `--index-url` of their own do not use it. */
  indexUrl?: string | undefined;
  /** Package indexes beside it. */
  extraIndexUrls?: readonly string[] | undefined;
  /** Certificates in PEM that pip is to trust in place of its own. */
  caBundle?: string | undefined;
}

/** A file for pip that says which indexes it uses; undefined where there is nothing to say. @see https://pip.pypa.io/en/stable/topics/configuration/ */
export function pipConfig(
  { indexUrl, extraIndexUrls = [], caBundle }: PythonSettings,
  caFile: string,
): string | undefined {
  const lines = [
    ...(indexUrl === undefined ? [] : [`index-url = ${oneWord(indexUrl)}`]),
    ...(extraIndexUrls.length === 0 ? [] : ['extra-index-url =', ...extraIndexUrls.map((url) => `  ${oneWord(url)}`)]),
    ...(caBundle === undefined ? [] : [`cert = ${caFile}`]),
  ];
  return lines.length === 0 ? undefined : ['[global]', ...lines, ''].join('\n');
}

function oneWord(url: string): string {
  if (/^[^\s\0]+$/.test(url)) return url;
  throw new TypeError('the address of a package index has no spaces');
}
