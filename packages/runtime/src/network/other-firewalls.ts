import type { ForwardedNetwork } from './host-firewall';
import { failureText, runTool } from './host-tool';
import { barriersTo, isNamedIn } from './nftables/foreign';

/** The table of firewalld's nftables back end. (Its other one writes to iptables: see host-firewall.ts.) */
const FIREWALLD_TABLE = 'firewalld';
const FIREWALLD_PROGRAM = 'firewall-cmd';

/** firewalld's own zone for links whose packets it lets pass; tinyd's rules still judge them. */
const ZONE = 'trusted';

/**
 * Sees to firewalls whose tables are not those of iptables: has firewalld let the bridge's packets pass where it does not
 * yet, and tells of what cannot be helped. Who named the bridge in a rule or zone has decided, and nothing is done.
 *
 * @param tell told what was done, or what is to be done and why it was not
 */
export function passOtherFirewalls(
  { bridge, internal }: ForwardedNetwork & { readonly internal: boolean },
  tell: (text: string) => void,
): void {
  for (const { table, chain } of barriersTo(bridge)) {
    if (table === FIREWALLD_TABLE) tell(joinZone(bridge));
    else if (!internal) tell(barrierText(table, chain, bridge));
  }
}

/** Takes back what {@link passOtherFirewalls} did. */
export function leaveOtherFirewalls({ bridge }: ForwardedNetwork): void {
  if (!isNamedIn(FIREWALLD_TABLE, bridge)) return;
  for (const isForGood of [false, true]) {
    try {
      changeZone(bridge, 'remove', isForGood);
    } catch {
      // It is in another zone by its administrator's will, or firewalld has just ended.
    }
  }
}

/** Puts a bridge into firewalld's zone, at once and whenever firewalld reads its configuration; tells how that went. */
function joinZone(bridge: string): string {
  try {
    changeZone(bridge, 'add', false);
  } catch (error) {
    const command = `${FIREWALLD_PROGRAM} --permanent --zone=${ZONE} --add-interface=${bridge} && ${FIREWALLD_PROGRAM} --reload`;
    return `firewalld rejects what ${bridge} forwards, and cannot be told not to (${failureText(FIREWALLD_PROGRAM, error)}): ${command}`;
  }
  const done = `firewalld rejected what ${bridge} forwards: put it into zone ${ZONE}`;
  try {
    changeZone(bridge, 'add', true);
    return done;
  } catch (error) {
    return `${done}; a reload forgets it (${failureText(FIREWALLD_PROGRAM, error)})`;
  }
}

function changeZone(bridge: string, change: 'add' | 'remove', isForGood: boolean): void {
  const extent = isForGood ? ['--permanent'] : [];
  runTool(FIREWALLD_PROGRAM, [...extent, `--zone=${ZONE}`, `--${change}-interface=${bridge}`]);
}

function barrierText(table: string, chain: string, bridge: string): string {
  const rules = ['iifname', 'oifname'].map(
    side => `nft insert rule inet ${table} ${chain} ${side} ${bridge} accept`,
  );
  return `table inet ${table} of this host drops what ${bridge} forwards unless its rules say otherwise, and none names it: ${rules.join('; ')}`;
}
