#include "plan.h"

#include <errno.h>
#include <string.h>

#define PLAN_MAGIC 0x504e5954u /* "TYNP" */
#define PLAN_VERSION 2u
#define PLAN_END 0x21444e45u /* "END!" */

static size_t bytes_left(const struct plan_reader* reader) {
  return (size_t)(reader->end - reader->at);
}

/** The next `length` bytes, or NULL. `length` is compared with what is left before anything is added to a
 * pointer. */
static const uint8_t* take(struct plan_reader* reader, size_t length) {
  if (reader->bad || length > bytes_left(reader)) {
    reader->bad = true;
    return NULL;
  }
  const uint8_t* taken = reader->at;
  reader->at += length;
  return taken;
}

static void align(struct plan_reader* reader, size_t to) {
  size_t beyond = (size_t)(reader->at - reader->start) % to;
  if (beyond != 0) take(reader, to - beyond);
}

uint32_t plan_next_u32(struct plan_reader* reader) {
  uint32_t value = 0;
  const uint8_t* taken = take(reader, sizeof value);
  if (taken != NULL) memcpy(&value, taken, sizeof value);
  return value;
}

static uint64_t next_u64(struct plan_reader* reader) {
  uint64_t value = 0;
  const uint8_t* taken = take(reader, sizeof value);
  if (taken != NULL) memcpy(&value, taken, sizeof value);
  return value;
}

/** A u32 below `limit`. */
static uint32_t next_below(struct plan_reader* reader, uint32_t limit) {
  uint32_t value = plan_next_u32(reader);
  if (value < limit) return value;
  reader->bad = true;
  return 0;
}

static bool next_bool(struct plan_reader* reader) {
  return next_below(reader, 2) == 1;
}

const char* plan_next_string(struct plan_reader* reader) {
  uint32_t length = plan_next_u32(reader);
  const uint8_t* taken = take(reader, length);
  const uint8_t* end = take(reader, 1);
  align(reader, 4);
  if (reader->bad || *end != '\0' || memchr(taken, '\0', length) != NULL) {
    reader->bad = true;
    return "";
  }
  return (const char*)taken;
}

static const char* next_optional_string(struct plan_reader* reader) {
  return next_bool(reader) ? plan_next_string(reader) : NULL;
}

static struct plan_bytes next_bytes(struct plan_reader* reader) {
  uint32_t length = plan_next_u32(reader);
  align(reader, 8);
  const uint8_t* taken = take(reader, length);
  align(reader, 4);
  if (reader->bad) return (struct plan_bytes){NULL, 0};
  return (struct plan_bytes){(uint8_t*)taken, length};
}

/** Reads a list by walking over its items, so that its end is known and each item is known to be whole. */
#define NEXT_LIST(reader, next_item)                                                     \
  ({                                                                                     \
    struct plan_list list = {.count = plan_next_u32(reader)};                            \
    list.at = (reader)->at;                                                              \
    for (uint32_t i = 0; i < list.count && !(reader)->bad; i++) (void)next_item(reader); \
    list;                                                                                \
  })

struct plan_write plan_next_write(struct plan_reader* reader) {
  struct plan_write write;
  write.file = plan_next_string(reader);
  write.value = plan_next_string(reader);
  write.optional = next_bool(reader);
  return write;
}

struct plan_cgroup plan_next_cgroup(struct plan_reader* reader) {
  struct plan_cgroup cgroup;
  cgroup.path = plan_next_string(reader);
  cgroup.writes = NEXT_LIST(reader, plan_next_write);
  cgroup.device_program = next_bytes(reader);
  cgroup.enter = next_bool(reader);
  cgroup.unified = next_bool(reader);
  if (cgroup.path[0] != '/') reader->bad = true;
  return cgroup;
}

struct plan_claim plan_next_claim(struct plan_reader* reader) {
  struct plan_claim claim;
  claim.protocol = next_below(reader, 256);
  claim.address = plan_next_string(reader);
  claim.port = next_below(reader, 65536);
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
  release.offset = next_u64(reader);
  return release;
}

static struct plan_network next_network(struct plan_reader* reader) {
  struct plan_network network = {0};
  network.host_batch = next_bytes(reader);
  network.container_batch = next_bytes(reader);
  network.port_batch = next_bytes(reader);
  network.port_teardown_batch = next_bytes(reader);
  network.host_teardown_batch = next_bytes(reader);
  network.claims = NEXT_LIST(reader, plan_next_claim);
  network.sysctls = NEXT_LIST(reader, plan_next_pair);
  network.has_dns = next_bool(reader);
  if (network.has_dns) {
    network.dns_address = plan_next_string(reader);
    network.dns_port = next_below(reader, 65536);
    network.dns_redirect_batch = next_bytes(reader);
  }
  return network;
}

static void read_session(struct plan_reader* reader, struct plan_session* session) {
  session->id = plan_next_string(reader);
  session->run_dir = plan_next_string(reader);
  session->state_dir = plan_next_string(reader);
  if (next_bool(reader)) {
    session->log_path = plan_next_string(reader);
    session->log_max_bytes = next_u64(reader);
    session->log_max_files = plan_next_u32(reader);
  }
  session->terminal = next_bool(reader);
  if (session->terminal) {
    session->rows = next_below(reader, 65536);
    session->columns = next_below(reader, 65536);
  }
  session->input = next_below(reader, STDIN_COUNT);
  session->first_client = next_bool(reader);
  session->cgroups = NEXT_LIST(reader, plan_next_cgroup);
  session->monitor_cgroup = next_optional_string(reader);
  session->oom_file = next_optional_string(reader);
  session->has_network = next_bool(reader);
  if (session->has_network) session->network = next_network(reader);
  session->stop_signal = next_below(reader, 65);
  session->stop_timeout_seconds = (int32_t)plan_next_u32(reader);
  session->has_restart = next_bool(reader);
  if (session->has_restart) {
    session->restart.only_failures = next_bool(reader);
    session->restart.most_times = plan_next_u32(reader);
  }
  session->releases = NEXT_LIST(reader, plan_next_release);
  session->remove_links = NEXT_LIST(reader, plan_next_string);
  session->remove_trees = NEXT_LIST(reader, plan_next_string);
}

struct plan_namespace plan_next_namespace(struct plan_reader* reader) {
  struct plan_namespace namespace;
  namespace.flag = plan_next_u32(reader);
  namespace.path = plan_next_string(reader);
  namespace.pid = next_below(reader, INT32_MAX);
  namespace.start_ticks = next_u64(reader);
  return namespace;
}

struct plan_mount plan_next_mount(struct plan_reader* reader) {
  struct plan_mount mount = {.kind = next_below(reader, STEP_COUNT)};
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
      mount.start_ticks = next_u64(reader);
      mount.recursive = next_bool(reader);
      mount.flags = plan_next_u32(reader);
      mount.propagation = plan_next_u32(reader);
      mount.target_is_directory = next_bool(reader);
      break;
    case STEP_SYMLINK:
      mount.source = plan_next_string(reader);
      break;
    case STEP_DEVICE:
      mount.device_type = plan_next_u32(reader);
      mount.major = plan_next_u32(reader);
      mount.minor = plan_next_u32(reader);
      mount.mode = next_below(reader, 010000);
      mount.uid = plan_next_u32(reader);
      mount.gid = plan_next_u32(reader);
      break;
    case STEP_CGROUP_V1:
      mount.hierarchies = NEXT_LIST(reader, plan_next_pair);
      mount.links = NEXT_LIST(reader, plan_next_pair);
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

static void read_container(struct plan_reader* reader, struct plan_container* container) {
  container->unshare = plan_next_u32(reader);
  container->join = NEXT_LIST(reader, plan_next_namespace);
  container->hostname = next_optional_string(reader);
  container->domainname = next_optional_string(reader);
  container->working_dir = plan_next_string(reader);
  container->overlay_options = plan_next_string(reader);
  container->rootfs = plan_next_string(reader);
  container->mounts = NEXT_LIST(reader, plan_next_mount);
  container->read_only_root = next_bool(reader);
  container->propagation = next_below(reader, PROPAGATION_COUNT);
}

static void read_join(struct plan_reader* reader, struct plan_join* join) {
  join->pid = next_below(reader, INT32_MAX);
  join->start_ticks = next_u64(reader);
  join->namespaces = plan_next_u32(reader);
}

struct plan_rlimit plan_next_rlimit(struct plan_reader* reader) {
  struct plan_rlimit rlimit;
  rlimit.resource = next_below(reader, 16);
  rlimit.soft = next_u64(reader);
  rlimit.hard = next_u64(reader);
  return rlimit;
}

static void read_process(struct plan_reader* reader, struct plan_process* process) {
  process->argv = NEXT_LIST(reader, plan_next_string);
  process->env = NEXT_LIST(reader, plan_next_string);
  process->cwd = plan_next_string(reader);
  process->uid = next_below(reader, INT32_MAX);
  process->gid = next_below(reader, INT32_MAX);
  process->additional_gids = NEXT_LIST(reader, plan_next_u32);
  process->umask = next_below(reader, 01000);
  process->bounding = next_u64(reader);
  process->effective = next_u64(reader);
  process->permitted = next_u64(reader);
  process->inheritable = next_u64(reader);
  process->ambient = next_u64(reader);
  process->no_new_privileges = next_bool(reader);
  process->has_seccomp = next_bool(reader);
  if (process->has_seccomp) {
    process->seccomp_flags = plan_next_u32(reader);
    process->seccomp_filter = next_bytes(reader);
  }
  process->rlimits = NEXT_LIST(reader, plan_next_rlimit);
  process->has_oom_score_adj = next_bool(reader);
  if (process->has_oom_score_adj) process->oom_score_adj = (int32_t)plan_next_u32(reader);
  process->init = next_bool(reader);
  process->new_session_keyring = next_bool(reader);
  if (process->argv.count == 0 || process->cwd[0] != '/') reader->bad = true;
}

static void read_health(struct plan_reader* reader, struct plan_health* health) {
  read_process(reader, &health->process);
  health->interval = next_u64(reader);
  health->timeout = next_u64(reader);
  health->start_period = next_u64(reader);
  health->start_interval = next_u64(reader);
  health->timeout_text = plan_next_string(reader);
  health->retries = plan_next_u32(reader);
  health->on_unhealthy = next_below(reader, UNHEALTHY_COUNT);
  // What is added to the clock must not run over it.
  const uint64_t most = INT64_MAX / 4;
  if (health->interval > most || health->timeout > most || health->start_interval > most) reader->bad = true;
  if (health->interval == 0 || health->timeout == 0 || health->start_interval == 0) reader->bad = true;
}

int plan_parse(struct plan* plan, uint8_t* buffer, size_t length) {
  *plan = (struct plan){.buffer = buffer, .length = length};
  struct plan_reader reader = {.start = buffer, .at = buffer, .end = buffer + length};
  if (plan_next_u32(&reader) != PLAN_MAGIC || plan_next_u32(&reader) != PLAN_VERSION) reader.bad = true;
  read_session(&reader, &plan->session);
  plan->target = next_below(&reader, TARGET_COUNT);
  if (plan->target == TARGET_JOIN) {
    read_join(&reader, &plan->join);
  } else {
    read_container(&reader, &plan->container);
  }
  read_process(&reader, &plan->process);
  plan->has_health = next_bool(&reader);
  if (plan->has_health) read_health(&reader, &plan->health);
  plan->has_events = next_bool(&reader);
  if (plan->has_events) {
    plan->events.journal = plan_next_string(&reader);
    plan->events.head = plan_next_string(&reader);
    plan->events.actor = plan_next_string(&reader);
    plan->events.attributes = plan_next_string(&reader);
  }
  if (plan_next_u32(&reader) != PLAN_END || reader.at != reader.end) reader.bad = true;
  if (!reader.bad) return 0;
  errno = EBADMSG;
  return -1;
}

struct plan_reader plan_items(const struct plan* plan, struct plan_list list) {
  return (struct plan_reader){.start = plan->buffer, .at = list.at, .end = plan->buffer + plan->length};
}
