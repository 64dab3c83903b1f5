import { constants } from 'node:os';
import { TinydError } from '@tinyd/core';
import type { RuntimeContext } from '../context';
import { reloadPlan } from '../helper/reload';
import { type PublishedPort, portTakenError } from '../network';
import type { ContainerView } from '../state/container-state';
import { runningNetworks } from './network';

/**
 * Has a running container's monitor hold the ports that its plan names by now, and let go of others.
 *
 * Fails with ERR_TINYD_PORT_TAKEN when another program was faster, ERR_TINYD_NETWORK_FAILED, or ERR_TINYD_CONTAINER_STATE
 * when the container ends meanwhile.
 */
export async function holdPorts(
  context: RuntimeContext,
  { record, paths }: ContainerView,
  ports: readonly PublishedPort[],
): Promise<void> {
  const refusal = reloadPlan(paths.attachSocket, record.name);
  if (refusal === undefined) return;
  const rival = ports.find(
    ({ protocol, hostIp, hostPort }) => refusal.operand === `${protocol} ${hostIp}:${hostPort}`,
  );
  if (refusal.errno === constants.errno.EADDRINUSE && rival !== undefined) {
    throw await portTakenError(
      rival,
      runningNetworks(context).filter(({ id }) => id !== record.id),
    );
  }
  throw new TinydError(
    'ERR_TINYD_NETWORK_FAILED',
    `cannot publish ${refusal.operand}: errno ${refusal.errno}`,
  );
}
