import type { NetworkPlan } from '../plan/network';
import { LOOPBACK_INDEX, raiseLink } from './netlink/link';

const NOTHING = new Uint8Array(0);

/** `--network none`: a namespace with nothing but its own loopback device. */
export function loopbackPlan(): NetworkPlan {
  return {
    hostBatch: NOTHING,
    containerBatch: raiseLink(LOOPBACK_INDEX),
    portBatch: NOTHING,
    portTeardownBatch: NOTHING,
    hostTeardownBatch: NOTHING,
    claims: [],
    sysctls: [],
  };
}
