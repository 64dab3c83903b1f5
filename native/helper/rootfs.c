#include "rootfs.h"

#include <errno.h>
#include <sys/mount.h>

#include "mount_calls.h"
#include "report.h"

#define BUSY_TRIES 100
#define BUSY_PAUSE_US 5000

static unsigned long propagation_flag(enum plan_propagation propagation) {
  switch (propagation) {
    case PROPAGATION_SHARED:
      return MS_SHARED;
    case PROPAGATION_SLAVE:
      return MS_SLAVE;
    default:
      return MS_PRIVATE;
  }
}

void rootfs_isolate(const struct plan_container* container) {
  // A shared root would hand the container's own mounts back to the host: only its binds may do that.
  unsigned long flag = container->propagation == PROPAGATION_PRIVATE ? MS_PRIVATE : MS_SLAVE;
  if (mount("", "/", "", MS_REC | flag, NULL) == -1) fail(STAGE_ROOTFS, "/");
}

int rootfs_mount(const struct plan_container* container) {
  if (chdir(container->working_dir) == -1) fail(STAGE_ROOTFS, container->working_dir);
  // EBUSY (where overlay is built with an index): the kernel has not quite let go of the previous run's
  // mount.
  for (int tries = 0; mount("overlay", container->rootfs, "overlay", 0, container->overlay_options) == -1;
       tries++) {
    if (errno != EBUSY || tries == BUSY_TRIES) fail(STAGE_ROOTFS, container->rootfs);
    usleep(BUSY_PAUSE_US);
  }
  int root = open(container->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root == -1) fail(STAGE_ROOTFS, container->rootfs);
  if (chdir("/") == -1) fail(STAGE_ROOTFS, "/");
  return root;
}

void rootfs_pivot(const struct plan_container* container, int root) {
  if (container->read_only_root && mount_change(root, MOUNT_ATTR_RDONLY, 0, false) == -1) {
    fail(STAGE_ROOTFS, "read-only root");
  }
  int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (host == -1 || fchdir(root) == -1) fail(STAGE_PIVOT, container->rootfs);
  if (syscall(SYS_pivot_root, ".", ".") == -1) fail(STAGE_PIVOT, container->rootfs);
  // The host's tree now lies on top of the container's at "/": reached by descriptor, cut off, unmounted.
  if (fchdir(host) == -1) fail(STAGE_PIVOT, "host root");
  if (mount("", ".", "", MS_SLAVE | MS_REC, NULL) == -1) fail(STAGE_PIVOT, "host root");
  if (umount2(".", MNT_DETACH) == -1) fail(STAGE_PIVOT, "host root");
  if (chdir("/") == -1) fail(STAGE_PIVOT, "/");
  close(host);
  if (mount("", "/", "", propagation_flag(container->propagation), NULL) == -1) fail(STAGE_PIVOT, "/");
}
