#include "teardown.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "monitor.h"
#include "netns.h"
#include "remove_tree.h"

/** Sets one character of an IPAM bitmap back to '0'. */
static void release(const struct plan_release* release) {
  int fd = open(release->file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return;
  // The lock goes with the descriptor. Readers of the bitmap replace it under the same lock.
  if (flock(fd, LOCK_EX) == 0) (void)!pwrite(fd, "0", 1, (off_t)release->offset);
  close(fd);
}

static void release_all(const struct plan_session* session) {
  struct plan_reader reader = plan_items(&monitor.plan, session->releases);
  for (uint32_t i = 0; i < session->releases.count; i++) {
    struct plan_release item = plan_next_release(&reader);
    release(&item);
  }
}

/** --rm. A mount that somebody left in the way keeps its folder, and is not entered. */
static void remove_all(const struct plan_session* session) {
  struct plan_reader links = plan_items(&monitor.plan, session->remove_links);
  for (uint32_t i = 0; i < session->remove_links.count; i++) unlink(plan_next_string(&links));
  struct plan_reader trees = plan_items(&monitor.plan, session->remove_trees);
  for (uint32_t i = 0; i < session->remove_trees.count; i++) remove_tree(AT_FDCWD, plan_next_string(&trees));
}

void teardown(bool remove) {
  const struct plan_session* session = &monitor.plan.session;
  // An exec'd process is a guest: the cgroups are the container's.
  if (monitor.plan.target == TARGET_CONTAINER) cgroups_remove(&monitor.plan);
  if (monitor.ports_set_up) netns_remove_ports(&monitor.plan);
  release_all(session);
  if (monitor.listener != -1) {
    unlinkat(monitor.run_dir, "attach.sock", 0);
  }
  if (remove) remove_all(session);
}
