#ifndef TINYD_MOUNT_CALLS_H
#define TINYD_MOUNT_CALLS_H
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's calls on mounts by descriptor, which this libc has no names for. -1 with errno set on failure.
 */

/** A detached copy of the mount at `path`. With an empty path: of what `dir` refers to. */
static inline int mount_clone(int dir, const char* path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (recursive) flags |= AT_RECURSIVE;
  if (path[0] == '\0') flags |= AT_EMPTY_PATH;
  return (int)syscall(SYS_open_tree, dir, path, flags);
}

/** Puts a detached mount on top of what `target` refers to. */
static inline int mount_attach(int mount, int target) {
  return (int)syscall(SYS_move_mount, mount, "", target, "",
                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/** Adds MOUNT_ATTR_* and, if not 0, sets the propagation (MS_PRIVATE, MS_SLAVE, MS_SHARED). */
static inline int mount_change(int mount, uint64_t attributes, uint64_t propagation, bool recursive) {
  struct mount_attr change = {.attr_set = attributes, .propagation = propagation};
  unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  return (int)syscall(SYS_mount_setattr, mount, "", flags, &change, sizeof change);
}

#endif
