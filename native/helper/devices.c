#include "devices.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "files.h"
#include "in_root.h"
#include "mount_calls.h"
#include "report.h"

void devices_make_node(const struct plan_mount* step, int root) {
  const char* name;
  int parent = in_root_make_parent(root, step->target, &name);
  if (parent == -1) fail(STAGE_DEVICE, step->target);
  mode_t mode = (mode_t)(step->device_type | step->mode);
  dev_t number = makedev(step->major, step->minor);
  if (mknodat(parent, name, mode, number) == -1) {
    int reason = errno;
    struct stat info;
    // A node that is there already, of the same kind and number, will do; nothing else is ever touched.
    if (reason != EEXIST || fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == -1 ||
        (info.st_mode & S_IFMT) != step->device_type || info.st_rdev != number) {
      fail_because(STAGE_DEVICE, reason, step->target);
    }
  }
  if (fchownat(parent, name, step->uid, step->gid, AT_SYMLINK_NOFOLLOW) == -1)
    fail(STAGE_DEVICE, step->target);
  close(parent);
}

/** Our own /dev/null: whatever the container has at that path is of no interest (CVE-2025-31133). */
static int clone_null(void) {
  int null = open_null(O_PATH);
  if (null == -1) fail(STAGE_MOUNT, "/dev/null");
  int tree = mount_clone(null, "", false);
  if (tree == -1) fail(STAGE_MOUNT, "/dev/null");
  close(null);
  return tree;
}

/** One empty folder serves all masked folders. The first use attaches it, the later ones attach copies. */
static int clone_empty_folder(void) {
  static int first = -1;
  if (first != -1) return mount_clone(first, "", false);
  int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context == -1 || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "0", 0) == -1 ||
      syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "755", 0) == -1 ||
      syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "ro", NULL, 0) == -1 ||
      syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == -1) {
    return -1;
  }
  unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  first = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
  close(context);
  return first;
}

void devices_mask(const char* path, int root) {
  struct stat info;
  int target = in_root_open(root, path, O_PATH, 0);
  if (target == -1 && (errno == ENOENT || errno == ENOTDIR)) return;
  if (target == -1 || fstat(target, &info) == -1) fail(STAGE_MOUNT, path);
  int tree = S_ISDIR(info.st_mode) ? clone_empty_folder() : clone_null();
  if (tree == -1 || mount_attach(tree, target) == -1) fail(STAGE_MOUNT, path);
  close(target);
  // The descriptor of the first tmpfs stays open (close-on-exec): later copies are made from it.
  if (!S_ISDIR(info.st_mode)) close(tree);
}
