#ifndef TINYD_ROOTFS_H
#define TINYD_ROOTFS_H
#include "plan.h"

/** Cuts or narrows the flow of mounts between host and container; runs first in the new mount namespace. */
void rootfs_isolate(const struct plan_container* container);

/** Mounts the overlay and returns an O_PATH descriptor of its top. */
int rootfs_mount(const struct plan_container* container);

/** Makes `root` the root of this mount namespace and lets go of the host's tree. */
void rootfs_pivot(const struct plan_container* container, int root);

#endif
