#ifndef TINYD_MOUNT_SOURCES_H
#define TINYD_MOUNT_SOURCES_H
#include <stdbool.h>

#include "plan.h"

/** Detached copies of everything on the host that is to appear in the container, in the order of the steps.
 */
struct mount_sources {
  int* trees;
  unsigned count; /* while mounting: the next one to use */
};

/** Opens all sources, while the host's tree is still as the user sees it. Fails by fail(). */
struct mount_sources mount_sources_open(const struct plan* plan);

/**
 * A detached copy of the mount at `folder`, or of `path` in it when that is not empty. Containers may write
 * to the folder: their links lead nowhere outside it. -1 with errno set on failure.
 */
int mount_clone_part(const char* folder, const char* path, bool recursive);

#endif
