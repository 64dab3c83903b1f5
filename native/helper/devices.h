#ifndef TINYD_DEVICES_H
#define TINYD_DEVICES_H
#include "plan.h"

/** Makes one device node below `root`. */
void devices_make_node(const struct plan_mount* step, int root);

/** Hides a path: files behind /dev/null, folders behind an empty read-only tmpfs. Absent paths are skipped.
 */
void devices_mask(const char* path, int root);

#endif
