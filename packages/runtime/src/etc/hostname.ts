import { TinydError } from '@tinyd/core';

/** Longest name that sethostname(2) takes. */
const MAX_HOSTNAME = 64;

/** Refuses names that the kernel, or a line of /etc/hosts, cannot hold. Fails with ERR_TINYD_OPTION_INVALID. */
export function checkHostname(flag: '--hostname' | '--domainname', name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) && name.length <= MAX_HOSTNAME) return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use ${flag} ${JSON.stringify(name)}: not a host name`,
    {
      hint: `letters, digits, dots, dashes and underscores, at most ${MAX_HOSTNAME}`,
      details: { flag, value: name },
    },
  );
}
