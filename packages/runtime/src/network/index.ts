export { type AttachRequest, attachNetworks, networkGateway, type PublishRequest, publishOn } from './attach';
export { ensureNetwork, hurtMembers, whatIsWrong } from './bridge';
export { severed } from './bridge-link';
export { createNetwork, type NetworkOptions } from './create-network';
export {
  DEFAULT_NETWORK,
  isPredefined,
  type Network,
  type NetworkRecord,
  readDefinition,
} from './definition';
export { checkEndpoints, endpointsOf } from './endpoint';
export { allNetworks, pickNetwork } from './find-network';
export { forgetFlows } from './flows';
export { gatewayOf, gatewayOf6 } from './gateway';
export { formatSubnet } from './ipv4';
export {
  addPorts,
  connectionMessages,
  dropPorts,
  freeSlot,
  movePorts,
  placeSysctls,
  portsFor,
  removalMessages,
  routeMessages,
} from './live';
export { loopbackPlan } from './loopback';
export { isMacvlan } from './macvlan';
export { type PlaceRequest, placeOf, type TakenPlace, takePlace } from './place';
export { type Attachment, defaultRoutes, type PlaceRoles, planPlaces } from './plan-places';
export { type HostPort, portHolderText, portTakenError } from './ports/taken';
export { releaseNetwork, resetNetwork } from './release';
export { removeNetwork } from './remove-network';
export { ANY_ADDRESS, type AttachedContainer, type NetworkSettings, type PublishedPort } from './settings';
