export { type CgroupResult, type CgroupView, planCgroups, validateLimits } from './cgroups';
export { type CgroupHost, type Controller, detectCgroups } from './hierarchies';
export { readCgroupPaths, removeCgroups } from './remove';
