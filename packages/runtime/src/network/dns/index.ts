export {
  checkNetworkAlias,
  type NetworkNames,
  namesFile,
  removeNames,
  writeNames,
  zoneFolder,
} from './names-file';
export { dnsPlan } from './redirect';
export { embeddedResolvConf, RESOLVER_ADDRESS } from './resolv-conf';
export {
  type DnsRequest,
  type DnsService,
  dnsService,
  dnsServiceFile,
  type Upstream,
  writeDnsService,
} from './service-file';
