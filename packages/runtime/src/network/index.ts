export { attachBridge, type BridgeAttachment, type BridgeRequest, networkGateway } from './attach';
export { forgetFlows } from './flows';
export { loopbackPlan } from './loopback';
export { type HostPort, portHolderText, portTakenError } from './ports/taken';
export { releaseNetwork, resetNetwork } from './release';
export type { AttachedContainer, NetworkSettings, PublishedPort } from './settings';
