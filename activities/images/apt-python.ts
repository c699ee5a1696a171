/** How a line of a build's log begins that says to the user, in one sentence, why it ended. */
export const sentenceMark = 'relaunch: ';

/** What to tell the user of a step that failed: the last sentence of ours that it wrote. */
export function sentenceIn(log: Iterable<string>): string | undefined {
  let sentence: string | undefined;
  for (const line of log) if (line.startsWith(sentenceMark)) sentence = line.slice(sentenceMark.length).trim();
  return sentence;
}

/** Python of a version, `3.N`, by apt; where that cannot be, the step says why by {@link sentenceMark}. */
export function aptPython(version: string): string {
  const python = `python${version}`;
  return [
    'RUN set -eu; \\',
    `    fail() { echo "${sentenceMark}$1" >&2; exit 1; }; \\`,
    "    command -v apt-get > /dev/null || fail 'the accelerator base image has no apt-get: it has to be of the Debian family, such as Debian or Ubuntu'; \\",
    '    export DEBIAN_FRONTEND=noninteractive; \\',
    "    apt-get update || fail 'apt-get update failed in the accelerator base image: relaunch logs --build RUN has its words'; \\",
    `    apt-cache show ${python} 2> /dev/null | grep -q '^Package:' || { \\`,
    "      others=$(apt-cache pkgnames python3. | grep -E '^python3[.][0-9]+$' | sort -V | tr '\\n' ' ' | sed 's, $,,'); \\",
    `      [ -n "$others" ] || fail 'apt of the accelerator base image has no Python: relaunch logs --build RUN shows whether it got its lists of packages'; \\`,
    `      fail "apt of the accelerator base image has no ${python}, only: $others; name one of them in runtime.txt, or choose another base image"; \\`,
    '    }; \\',
    `    apt-get install --yes --no-install-recommends ${python} ${python}-venv; \\`,
    '    rm -rf /var/lib/apt/lists/*',
  ].join('\n');
}
