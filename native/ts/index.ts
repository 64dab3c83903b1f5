export * from './digest';
export * from './files';
export * from './locks';
export * from './netlink';
export * from './processes';
export * from './quota';
export * from './tree';
export * from './unpack';
