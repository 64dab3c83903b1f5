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

/**
 * A detached copy of the mount at `folder`, or of `path` in it when that is not empty. Containers may write
 * to the folder: their links lead nowhere outside it. -1 with errno set on failure.
 */
int mounts_clone_part(const char* folder, const char* path, bool recursive);

#endif
