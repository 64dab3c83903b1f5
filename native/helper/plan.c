#include "plan.h"

#include <errno.h>

#define PLAN_MAGIC 0x504e5954u /* "TYNP" */
#define PLAN_VERSION 2u
#define PLAN_END 0x21444e45u /* "END!" */

static struct plan_network next_network(struct plan_reader* reader) {
  struct plan_network network = {0};
  network.host_batch = plan_next_bytes(reader);
  network.container_batch = plan_next_bytes(reader);
  network.port_batch = plan_next_bytes(reader);
  network.port_teardown_batch = plan_next_bytes(reader);
  network.host_teardown_batch = plan_next_bytes(reader);
  network.claims = PLAN_NEXT_LIST(reader, plan_next_claim);
  network.sysctls = PLAN_NEXT_LIST(reader, plan_next_pair);
  network.has_dns = plan_next_bool(reader);
  if (network.has_dns) {
    network.dns_address = plan_next_string(reader);
    network.dns_port = plan_next_below(reader, 65536);
    network.dns_redirect_batch = plan_next_bytes(reader);
  }
  return network;
}

static void read_session(struct plan_reader* reader, struct plan_session* session) {
  session->id = plan_next_string(reader);
  session->run_dir = plan_next_string(reader);
  session->state_dir = plan_next_string(reader);
  if (plan_next_bool(reader)) {
    session->log_path = plan_next_string(reader);
    session->log_max_bytes = plan_next_u64(reader);
    session->log_max_files = plan_next_u32(reader);
  }
  session->terminal = plan_next_bool(reader);
  if (session->terminal) {
    session->rows = plan_next_below(reader, 65536);
    session->columns = plan_next_below(reader, 65536);
  }
  session->input = plan_next_below(reader, STDIN_COUNT);
  session->first_client = plan_next_bool(reader);
  session->cgroups = PLAN_NEXT_LIST(reader, plan_next_cgroup);
  session->monitor_cgroup = plan_next_optional_string(reader);
  session->oom_file = plan_next_optional_string(reader);
  session->has_network = plan_next_bool(reader);
  if (session->has_network) session->network = next_network(reader);
  session->stop_signal = plan_next_below(reader, 65);
  session->stop_timeout_seconds = (int32_t)plan_next_u32(reader);
  session->has_restart = plan_next_bool(reader);
  if (session->has_restart) {
    session->restart.only_failures = plan_next_bool(reader);
    session->restart.most_times = plan_next_u32(reader);
  }
  session->releases = PLAN_NEXT_LIST(reader, plan_next_release);
  session->remove_links = PLAN_NEXT_LIST(reader, plan_next_string);
  session->remove_trees = PLAN_NEXT_LIST(reader, plan_next_string);
}

static void read_container(struct plan_reader* reader, struct plan_container* container) {
  container->unshare = plan_next_u32(reader);
  container->join = PLAN_NEXT_LIST(reader, plan_next_namespace);
  container->hostname = plan_next_optional_string(reader);
  container->domainname = plan_next_optional_string(reader);
  container->working_dir = plan_next_string(reader);
  container->overlay_options = plan_next_string(reader);
  container->rootfs = plan_next_string(reader);
  container->mounts = PLAN_NEXT_LIST(reader, plan_next_mount);
  container->read_only_root = plan_next_bool(reader);
  container->propagation = plan_next_below(reader, PROPAGATION_COUNT);
}

static void read_join(struct plan_reader* reader, struct plan_join* join) {
  join->pid = plan_next_below(reader, INT32_MAX);
  join->start_ticks = plan_next_u64(reader);
  join->namespaces = plan_next_u32(reader);
}

static void read_process(struct plan_reader* reader, struct plan_process* process) {
  process->argv = PLAN_NEXT_LIST(reader, plan_next_string);
  process->env = PLAN_NEXT_LIST(reader, plan_next_string);
  process->cwd = plan_next_string(reader);
  process->uid = plan_next_below(reader, INT32_MAX);
  process->gid = plan_next_below(reader, INT32_MAX);
  process->additional_gids = PLAN_NEXT_LIST(reader, plan_next_u32);
  process->umask = plan_next_below(reader, 01000);
  process->bounding = plan_next_u64(reader);
  process->effective = plan_next_u64(reader);
  process->permitted = plan_next_u64(reader);
  process->inheritable = plan_next_u64(reader);
  process->ambient = plan_next_u64(reader);
  process->no_new_privileges = plan_next_bool(reader);
  process->has_seccomp = plan_next_bool(reader);
  if (process->has_seccomp) {
    process->seccomp_flags = plan_next_u32(reader);
    process->seccomp_filter = plan_next_bytes(reader);
  }
  process->rlimits = PLAN_NEXT_LIST(reader, plan_next_rlimit);
  process->has_oom_score_adj = plan_next_bool(reader);
  if (process->has_oom_score_adj) process->oom_score_adj = (int32_t)plan_next_u32(reader);
  process->init = plan_next_bool(reader);
  process->new_session_keyring = plan_next_bool(reader);
  if (process->argv.count == 0 || process->cwd[0] != '/') reader->bad = true;
}

static void read_health(struct plan_reader* reader, struct plan_health* health) {
  read_process(reader, &health->process);
  health->interval = plan_next_u64(reader);
  health->timeout = plan_next_u64(reader);
  health->start_period = plan_next_u64(reader);
  health->start_interval = plan_next_u64(reader);
  health->timeout_text = plan_next_string(reader);
  health->retries = plan_next_u32(reader);
  health->on_unhealthy = plan_next_below(reader, UNHEALTHY_COUNT);
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
  plan->target = plan_next_below(&reader, TARGET_COUNT);
  if (plan->target == TARGET_JOIN) {
    read_join(&reader, &plan->join);
  } else {
    read_container(&reader, &plan->container);
  }
  read_process(&reader, &plan->process);
  plan->has_health = plan_next_bool(&reader);
  if (plan->has_health) read_health(&reader, &plan->health);
  plan->has_events = plan_next_bool(&reader);
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
