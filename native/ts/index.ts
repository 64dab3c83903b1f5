export * from './digest';
export * from './files';
export * from './locks';
export * from './netlink';
export * from './processes';
export * from './tree';
export * from './unpack';
