#include "plan.h"

struct plan_reader plan_items(const struct plan* plan, struct plan_list list) {
  return (struct plan_reader){.start = plan->buffer, .at = list.at, .end = plan->buffer + plan->length};
}

struct plan_write plan_next_write(struct plan_reader* reader) {
  struct plan_write write;
  write.file = plan_next_string(reader);
  write.value = plan_next_string(reader);
  write.optional = plan_next_bool(reader);
  return write;
}

struct plan_cgroup plan_next_cgroup(struct plan_reader* reader) {
  struct plan_cgroup cgroup;
  cgroup.path = plan_next_string(reader);
  cgroup.writes = PLAN_NEXT_LIST(reader, plan_next_write);
  cgroup.device_program = plan_next_bytes(reader);
  cgroup.enter = plan_next_bool(reader);
  cgroup.unified = plan_next_bool(reader);
  if (cgroup.path[0] != '/') reader->bad = true;
  return cgroup;
}

struct plan_claim plan_next_claim(struct plan_reader* reader) {
  struct plan_claim claim;
  claim.protocol = plan_next_below(reader, 256);
  claim.address = plan_next_string(reader);
  claim.port = plan_next_below(reader, 65536);
  return claim;
}

struct plan_pair plan_next_pair(struct plan_reader* reader) {
  struct plan_pair pair;
  pair.name = plan_next_string(reader);
  pair.value = plan_next_string(reader);
  return pair;
}

struct plan_release plan_next_release(struct plan_reader* reader) {
  struct plan_release release;
  release.file = plan_next_string(reader);
  release.offset = plan_next_u64(reader);
  return release;
}

struct plan_namespace plan_next_namespace(struct plan_reader* reader) {
  struct plan_namespace namespace;
  namespace.flag = plan_next_u32(reader);
  namespace.path = plan_next_string(reader);
  namespace.pid = plan_next_below(reader, INT32_MAX);
  namespace.start_ticks = plan_next_u64(reader);
  return namespace;
}

struct plan_mount plan_next_mount(struct plan_reader* reader) {
  struct plan_mount mount = {.kind = plan_next_below(reader, STEP_COUNT)};
  mount.target = plan_next_string(reader);
  switch (mount.kind) {
    case STEP_FILESYSTEM:
      mount.type = plan_next_string(reader);
      mount.source = plan_next_string(reader);
      mount.flags = plan_next_u32(reader);
      mount.data = plan_next_string(reader);
      break;
    case STEP_BIND:
      mount.source = plan_next_string(reader);
      mount.subpath = plan_next_string(reader);
      mount.pid = plan_next_u32(reader);
      mount.start_ticks = plan_next_u64(reader);
      mount.recursive = plan_next_bool(reader);
      mount.flags = plan_next_u32(reader);
      mount.propagation = plan_next_u32(reader);
      mount.target_is_directory = plan_next_bool(reader);
      break;
    case STEP_SYMLINK:
      mount.source = plan_next_string(reader);
      break;
    case STEP_DEVICE:
      mount.device_type = plan_next_u32(reader);
      mount.major = plan_next_u32(reader);
      mount.minor = plan_next_u32(reader);
      mount.mode = plan_next_below(reader, 010000);
      mount.uid = plan_next_u32(reader);
      mount.gid = plan_next_u32(reader);
      break;
    case STEP_CGROUP_V1:
      mount.hierarchies = PLAN_NEXT_LIST(reader, plan_next_pair);
      mount.links = PLAN_NEXT_LIST(reader, plan_next_pair);
      break;
    case STEP_IMAGE:
      mount.data = plan_next_string(reader);
      mount.subpath = plan_next_string(reader);
      break;
    case STEP_MASK:
    case STEP_READONLY:
    case STEP_COUNT:
      break;
  }
  return mount;
}

struct plan_rlimit plan_next_rlimit(struct plan_reader* reader) {
  struct plan_rlimit rlimit;
  rlimit.resource = plan_next_below(reader, 16);
  rlimit.soft = plan_next_u64(reader);
  rlimit.hard = plan_next_u64(reader);
  return rlimit;
}
