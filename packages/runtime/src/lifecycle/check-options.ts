import { TinydError } from '@tinyd/core';
import { checkHostname } from '../etc/hostname';
import { checkExtraHosts } from '../etc/hosts';
import { checkResolverOptions } from '../etc/resolv-conf';
import { isContainerName } from '../find';
import type { CreateOptions } from '../options';
import { deviceCgroupRules } from '../spec/device-rules';
import { checkHealthcheck } from '../spec/healthcheck';
import { parseSignal } from '../spec/signals';

/** Refuses options that can be seen to be wrong by themselves, before anything is made. */
export function checkOptions(options: CreateOptions): void {
  if (options.name !== undefined) checkName(options.name);
  if (options.hostname !== undefined) checkHostname('--hostname', options.hostname);
  if (options.domainname !== undefined) checkHostname('--domainname', options.domainname);
  checkExtraHosts(options.addHosts);
  checkResolverOptions({
    nameservers: options.dns,
    search: options.dnsSearch,
    options: options.dnsOptions,
  });
  if (options.stopSignal !== undefined) parseSignal(options.stopSignal);
  checkNumbers(options);
  checkRestart(options.restart, options.autoRemove);
  checkHealthcheck(options);
  checkNetworkConflicts(options);
  checkNameConflicts(options);
  deviceCgroupRules(options.deviceCgroupRules);
}

/** Fails with ERR_TINYD_NAME_INVALID. */
export function checkName(name: string): void {
  if (isContainerName(name)) return;
  throw new TinydError(
    'ERR_TINYD_NAME_INVALID',
    `cannot use name ${JSON.stringify(name)}: not a container name`,
    {
      hint: 'letters, digits and any of _.-, the first a letter or digit',
      details: { name },
    },
  );
}

/** Fails with ERR_TINYD_OPTION_INVALID: what is removed when it ends cannot be started again. */
export function checkRestart(policy: CreateOptions['restart'], autoRemove: boolean): void {
  if (policy === undefined || policy.name === 'no') return;
  if (autoRemove) {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      'conflicting options: cannot specify both --restart and --rm',
      {
        hint: 'leave one of them out',
      },
    );
  }
  if (policy.maximumRetryCount !== 0 && policy.name !== 'on-failure') {
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot use --restart ${policy.name}:${policy.maximumRetryCount}: only on-failure takes a number of times`,
    );
  }
}

function checkNumbers(options: CreateOptions): void {
  const { stopTimeout, oomScoreAdj, shmBytes } = options;
  if (stopTimeout !== undefined && !(Number.isInteger(stopTimeout) && stopTimeout >= -1)) {
    throw outOfRange('--stop-timeout', stopTimeout, 'seconds, -1 to wait for ever');
  }
  if (oomScoreAdj !== undefined && !(Number.isInteger(oomScoreAdj) && Math.abs(oomScoreAdj) <= 1000)) {
    throw outOfRange('--oom-score-adj', oomScoreAdj, 'from -1000 to 1000');
  }
  if (shmBytes !== undefined && !(Number.isSafeInteger(shmBytes) && shmBytes > 0)) {
    throw outOfRange('--shm-size', shmBytes, 'more than 0 bytes');
  }
}

function outOfRange(flag: string, value: number, allowed: string): TinydError {
  return new TinydError('ERR_TINYD_OPTION_INVALID', `cannot use ${flag} ${value}: out of range`, {
    hint: allowed,
    details: { flag, value },
  });
}

/** What cannot be had together with a network that is not the container's own. */
function checkNetworkConflicts(options: CreateOptions): void {
  const { mode } = options.network;
  if (mode === 'container') {
    if (options.hostname !== undefined) throw conflict('--hostname', mode);
    if (options.addHosts.length > 0) throw conflict('--add-host', mode);
    if (options.dns.length + options.dnsSearch.length + options.dnsOptions.length > 0)
      throw conflict('--dns', mode);
    if (options.ports.length > 0 || options.publishAll) throw conflict('--publish', mode);
  }
}

/** The host's own name is not a container's to change. */
function checkNameConflicts({ hostUts, hostname, domainname }: CreateOptions): void {
  if (hostUts !== true) return;
  const flag = hostname !== undefined ? '--hostname' : domainname !== undefined ? '--domainname' : undefined;
  if (flag === undefined) return;
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use ${flag} with --uts host: the name is the host's`,
    {
      hint: 'leave one of the two out',
      details: { flag },
    },
  );
}

function conflict(flag: string, mode: string): TinydError {
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot use ${flag} with --network ${mode}: the network is another container's`,
    {
      hint: 'give the flag when that container is created',
      details: { flag, network: mode },
    },
  );
}
