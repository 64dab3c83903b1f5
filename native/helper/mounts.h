#ifndef TINYD_MOUNTS_H
#define TINYD_MOUNTS_H
#include "plan.h"

/** Detached copies of everything on the host that is to appear in the container, in the order of the steps.
 */
struct mount_sources {
  int* trees;
  unsigned count;
};

/** Opens all sources, while the host's tree is still as the user sees it. */
struct mount_sources mounts_open_sources(const struct plan* plan);

/** Carries out all steps below `root`. */
void mounts_apply(const struct plan* plan, struct mount_sources* sources, int root);

#endif
