#ifndef TINYD_MOUNTS_H
#define TINYD_MOUNTS_H
#include "mount_sources.h"
#include "plan.h"

/** Carries out all mount steps of the plan below `root`, and uses the sources up. Fails by fail(). */
void mounts_apply(const struct plan* plan, struct mount_sources* sources, int root);

#endif
