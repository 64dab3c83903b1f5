#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel.h"
#include "clone.h"
#include "dns_sockets.h"
#include "mounts.h"
#include "netns.h"
#include "proc_stat.h"
#include "report.h"
#include "rootfs.h"

/** Namespaces that clone can make: the cgroup one is made later, from inside the container's own cgroup. */
#define CLONE_KINDS (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)

/** Opens the namespaces to enter, while the host's files are in view. */
static int* open_namespaces(const struct plan* plan) {
  struct plan_list list = plan->container.join;
  int* fds = calloc(list.count + 1, sizeof *fds);
  if (fds == NULL) fail(STAGE_SYSTEM, "memory");
  struct plan_reader reader = plan_items(plan, list);
  for (uint32_t i = 0; i < list.count; i++) {
    struct plan_namespace namespace = plan_next_namespace(&reader);
    struct statfs fs;
    fds[i] = open(namespace.path, O_RDONLY | O_CLOEXEC);
    if (fds[i] == -1 || fstatfs(fds[i], &fs) == -1) fail(STAGE_JOIN, namespace.path);
    // A mount namespace would not be the container's own.
    const uint32_t shareable = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    bool possible = (namespace.flag & shareable) != 0;
    if (fs.f_type != NSFS_MAGIC || !possible) fail_because(STAGE_JOIN, EINVAL, namespace.path);
    // Looked at after the namespace was opened: a later process of that number has other ticks.
    bool gone =
        namespace.start_ticks != 0 && proc_start_ticks((pid_t) namespace.pid) != namespace.start_ticks;
    if (gone) fail_because(STAGE_JOIN, ESRCH, namespace.path);
  }
  return fds;
}

static void enter_namespaces(const struct plan* plan, int* fds) {
  struct plan_reader reader = plan_items(plan, plan->container.join);
  for (uint32_t i = 0; i < plan->container.join.count; i++) {
    struct plan_namespace namespace = plan_next_namespace(&reader);
    // Of a PID namespace the process is a member by its birth.
    if (namespace.flag != CLONE_NEWPID && setns(fds[i], (int)namespace.flag) == -1)
      fail(STAGE_JOIN, namespace.path);
    close(fds[i]);
  }
  free(fds);
}

/** Clones into the PID namespace to join, if there is one: children alone enter it. */
static pid_t clone_member(const struct plan* plan, const int* fds, uint64_t flags, int cgroup, int* pidfd) {
  int own = -1;
  struct plan_reader reader = plan_items(plan, plan->container.join);
  for (uint32_t i = 0; i < plan->container.join.count; i++) {
    struct plan_namespace namespace = plan_next_namespace(&reader);
    if (namespace.flag != CLONE_NEWPID || own != -1) continue;
    own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own == -1 || setns(fds[i], CLONE_NEWPID) == -1) fail(STAGE_JOIN, namespace.path);
  }
  pid_t pid = clone_process(flags, cgroup, SIGCHLD, pidfd);
  if (pid <= 0 || own == -1) return pid;
  if (setns(own, CLONE_NEWPID) == -1) fail(STAGE_JOIN, "own PID namespace");
  close(own);
  return pid;
}

static void set_names(const struct plan_container* container) {
  const char* host = container->hostname;
  const char* domain = container->domainname;
  if (host != NULL && sethostname(host, strlen(host)) == -1) fail(STAGE_HOSTNAME, host);
  if (domain != NULL && setdomainname(domain, strlen(domain)) == -1) fail(STAGE_HOSTNAME, domain);
}

static void await_network(int channel) {
  struct channel_message message;
  int fds[2];
  channel_receive(channel, &message, fds);
  if (message.kind != CHANNEL_NETWORK_READY) _exit(1);  // the monitor gave up, and undoes everything
}

static _Noreturn void run(struct process_start* start, const struct cgroups* cgroups, int* namespaces) {
  const struct plan* plan = start->plan;
  const struct plan_container* container = &plan->container;
  process_begin();
  process_set_oom_score(&plan->process);
  cgroups_enter(cgroups);
  enter_namespaces(plan, namespaces);
  process_keep_own_descriptors(start);
  if ((container->unshare & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) == -1)
    fail(STAGE_CLONE, "cgroup namespace");
  process_join_keyring(plan);
  set_names(container);

  struct mount_sources sources = mount_sources_open(plan);
  rootfs_isolate(container);
  int root = rootfs_mount(container);
  mounts_apply(plan, &sources, root);
  process_open_terminal(start, root, true);
  rootfs_pivot(container, root);
  // Letting go of the host's tree takes as long as the monitor needs for its side of the network: not one by
  // one.
  if (plan->session.has_network) {
    await_network(start->channel);
    netns_write_sysctls(plan);  // before the links come up: what they must not do they never did
    netns_set_up_container(plan);
    dns_sockets_hand_over(start);
  }
  process_become(start);
}

pid_t container_start(struct process_start* start, const struct cgroups* cgroups, int* pidfd) {
  const struct plan_container* container = &start->plan->container;
  uint64_t flags = container->unshare & CLONE_KINDS;
  if (!(flags & CLONE_NEWNS) || (container->unshare & ~(CLONE_KINDS | CLONE_NEWCGROUP))) {
    fail_because(STAGE_PLAN, EINVAL, "namespaces");
  }
  int* namespaces = open_namespaces(start->plan);
  int ends[2];
  if (channel_open(ends) == -1) fail(STAGE_SYSTEM, "socketpair");
  pid_t pid = clone_member(start->plan, namespaces, flags, cgroups->clone_into, pidfd);
  if (pid == -1) fail(STAGE_CLONE, "clone3");
  if (pid == 0) {
    close(ends[0]);
    start->channel = ends[1];
    channel_report_to(ends[1]);
    run(start, cgroups, namespaces);
  }
  close(ends[1]);
  for (uint32_t i = 0; i < container->join.count; i++) close(namespaces[i]);
  free(namespaces);
  start->channel = ends[0];
  return pid;
}
