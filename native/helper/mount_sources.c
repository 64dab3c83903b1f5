#include "mount_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "in_root.h"
#include "mount_calls.h"
#include "proc_stat.h"
#include "report.h"

/** How many sources the steps need in all. */
static unsigned count_sources(const struct plan* plan) {
  unsigned count = 0;
  struct plan_reader steps = plan_items(plan, plan->container.mounts);
  for (uint32_t i = 0; i < plan->container.mounts.count; i++) {
    struct plan_mount step = plan_next_mount(&steps);
    if (step.kind == STEP_BIND) count++;
    if (step.kind == STEP_CGROUP_V1) count += step.hierarchies.count;
  }
  return count;
}

static void open_source(struct mount_sources* sources, const char* path, bool recursive) {
  int tree = mount_clone(AT_FDCWD, path, recursive);
  if (tree == -1) fail(STAGE_MOUNT, path);
  sources->trees[sources->count++] = tree;
}

int mount_clone_part(const char* folder, const char* path, bool recursive) {
  if (path[0] == '\0') return mount_clone(AT_FDCWD, folder, recursive);
  int root = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root == -1) return -1;
  int inside = in_root_open(root, path, O_PATH, 0);
  int tree = inside == -1 ? -1 : mount_clone(inside, "", recursive);
  int reason = errno;
  if (inside != -1) close(inside);
  close(root);
  errno = reason;
  return tree;
}

/**
 * A detached copy of what a running process has mounted at a path, looked up from its root. The mount
 * namespace is entered for the moment; the PID counts only while it is that of the process which is meant.
 */
static int clone_of_process(const struct plan_mount* step) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%u/ns/mnt", step->pid);
  int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int mounts = open(path, O_RDONLY | O_CLOEXEC);
  if (own == -1 || top == -1 || mounts == -1) fail(STAGE_JOIN, path);
  if (proc_start_ticks((pid_t)step->pid) != step->start_ticks) fail_because(STAGE_JOIN, ESRCH, path);
  if (setns(mounts, CLONE_NEWNS) == -1) fail(STAGE_JOIN, path);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int inside = root == -1 ? -1 : in_root_open(root, step->source, O_PATH, 0);
  int tree = inside == -1 ? -1 : mount_clone(inside, "", step->recursive);
  int reason = errno;
  if (setns(own, CLONE_NEWNS) == -1 || fchdir(top) == -1 || chroot(".") == -1) fail(STAGE_JOIN, "own mounts");
  const int done[] = {own, top, mounts, root, inside};
  for (unsigned i = 0; i < sizeof done / sizeof *done; i++) {
    if (done[i] != -1) close(done[i]);
  }
  errno = reason;
  return tree;
}

static void open_bind(struct mount_sources* sources, const struct plan_mount* step) {
  int tree = step->pid != 0 ? clone_of_process(step)
                            : mount_clone_part(step->source, step->subpath, step->recursive);
  if (tree == -1) fail(STAGE_MOUNT, step->subpath[0] == '\0' ? step->source : step->subpath);
  sources->trees[sources->count++] = tree;
}

struct mount_sources mount_sources_open(const struct plan* plan) {
  struct mount_sources sources = {.trees = calloc(count_sources(plan) + 1, sizeof(int))};
  if (sources.trees == NULL) fail(STAGE_SYSTEM, "memory");
  struct plan_reader steps = plan_items(plan, plan->container.mounts);
  for (uint32_t i = 0; i < plan->container.mounts.count; i++) {
    struct plan_mount step = plan_next_mount(&steps);
    if (step.kind == STEP_BIND) open_bind(&sources, &step);
    if (step.kind != STEP_CGROUP_V1) continue;
    struct plan_reader hierarchies = plan_items(plan, step.hierarchies);
    for (uint32_t j = 0; j < step.hierarchies.count; j++) {
      open_source(&sources, plan_next_pair(&hierarchies).value, false);
    }
  }
  sources.count = 0;  // from here on: the next one to use
  return sources;
}
