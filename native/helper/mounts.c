#include "mounts.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "devices.h"
#include "in_root.h"
#include "mount_calls.h"
#include "report.h"

#define VIEW_FLAGS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/** True for the root itself, on which nothing is mounted. */
static bool is_root(int root, int target) {
  struct stat a, b;
  return fstat(root, &a) == 0 && fstat(target, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/** Files of procfs that a user may cover, as lxcfs does; all others stay the kernel's (CVE-2019-16884). */
static bool may_cover_proc(const char* target) {
  static const char* const files[] = {"/proc/cpuinfo",  "/proc/diskstats", "/proc/loadavg", "/proc/meminfo",
                                      "/proc/slabinfo", "/proc/stat",      "/proc/swaps",   "/proc/uptime"};
  for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
    if (strcmp(target, files[i]) == 0) return true;
  }
  return false;
}

/** Opens, or makes, what a mount goes on. */
static int open_target(int root, const char* path, enum in_root_kind kind) {
  int target = in_root_make(root, path, kind);
  if (target == -1) fail(STAGE_MOUNT, path);
  struct statfs fs;
  if (fstatfs(target, &fs) == -1) fail(STAGE_MOUNT, path);
  if (fs.f_type == PROC_SUPER_MAGIC && !may_cover_proc(path)) fail_because(STAGE_MOUNT, EPERM, path);
  if (is_root(root, target)) fail_because(STAGE_MOUNT, EBUSY, path);
  return target;
}

static void mount_filesystem(const struct plan_mount* step, int root) {
  // procfs and sysfs are mounted on a folder of just this name, or tools in the container are misled about
  // them.
  bool exact = strcmp(step->type, "proc") == 0 || strcmp(step->type, "sysfs") == 0;
  int target = open_target(root, step->target, IN_ROOT_FOLDER);
  if (exact) {
    int direct = in_root_open(root, step->target, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    if (direct == -1) fail(STAGE_MOUNT, step->target);
    close(direct);
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", target);
  if (mount(step->source, path, step->type, step->flags, step->data) == -1) fail(STAGE_MOUNT, step->target);
  close(target);
}

static void mount_bind(const struct plan_mount* step, int tree, int root) {
  uint64_t attributes = step->flags & VIEW_FLAGS;
  if (attributes != 0 && mount_change(tree, attributes, 0, (step->flags & MS_REC) != 0) == -1) {
    fail(STAGE_MOUNT, step->source);
  }
  bool deep = (step->propagation & MS_REC) != 0;
  if (mount_change(tree, 0, step->propagation & ~(uint64_t)MS_REC, deep) == -1)
    fail(STAGE_MOUNT, step->source);
  int target = open_target(root, step->target, step->target_is_directory ? IN_ROOT_FOLDER : IN_ROOT_FILE);
  if (mount_attach(tree, target) == -1) fail(STAGE_MOUNT, step->target);
  close(target);
  close(tree);
}

static void make_symlink(const struct plan_mount* step, int root) {
  const char* name;
  char present[PATH_MAX];
  int parent = in_root_make_parent(root, step->target, &name);
  if (parent == -1) fail(STAGE_MOUNT, step->target);
  if (symlinkat(step->source, parent, name) == -1) {
    int reason = errno;
    ssize_t length = reason == EEXIST ? readlinkat(parent, name, present, sizeof present) : -1;
    bool same = length == (ssize_t)strlen(step->source) && memcmp(present, step->source, (size_t)length) == 0;
    if (!same) fail_because(STAGE_MOUNT, reason, step->target);
  }
  close(parent);
}

static void make_read_only(const struct plan_mount* step, int root) {
  int target = in_root_open(root, step->target, O_PATH, 0);
  if (target == -1 && (errno == ENOENT || errno == ENOTDIR)) return;
  if (target == -1) fail(STAGE_MOUNT, step->target);
  int tree = mount_clone(target, "", true);
  if (tree == -1 || mount_change(tree, MOUNT_ATTR_RDONLY, 0, true) == -1 ||
      mount_attach(tree, target) == -1) {
    fail(STAGE_MOUNT, step->target);
  }
  close(tree);
  close(target);
}

/** The container's own cgroup of every v1 hierarchy, read-only, on a tmpfs. */
static void mount_cgroup_view(const struct plan* plan, const struct plan_mount* step,
                              struct mount_sources* sources, int root) {
  int target = open_target(root, step->target, IN_ROOT_FOLDER);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", target);
  if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k") == -1) {
    fail(STAGE_MOUNT, step->target);
  }
  close(target);
  int top = in_root_open(root, step->target, O_PATH | O_DIRECTORY, 0);
  if (top == -1) fail(STAGE_MOUNT, step->target);
  struct plan_reader hierarchies = plan_items(plan, step->hierarchies);
  for (uint32_t i = 0; i < step->hierarchies.count; i++) {
    struct plan_pair hierarchy = plan_next_pair(&hierarchies);
    int tree = sources->trees[sources->count++];
    int folder = in_root_make(top, hierarchy.name, IN_ROOT_FOLDER);
    if (folder == -1 || mount_change(tree, VIEW_FLAGS, MS_PRIVATE, false) == -1 ||
        mount_attach(tree, folder) == -1) {
      fail(STAGE_MOUNT, hierarchy.value);
    }
    close(folder);
    close(tree);
  }
  struct plan_reader links = plan_items(plan, step->links);
  for (uint32_t i = 0; i < step->links.count; i++) {
    struct plan_pair link = plan_next_pair(&links);
    if (symlinkat(link.value, top, link.name) == -1) fail(STAGE_MOUNT, link.name);
  }
  if (mount_change(top, MOUNT_ATTR_RDONLY, 0, false) == -1) fail(STAGE_MOUNT, step->target);
  close(top);
}

/** The layers of an image, read-only, or a part of what they make together. */
static void mount_image(const struct plan_container* container, const struct plan_mount* step, int root) {
  if (chdir(container->working_dir) == -1) fail(STAGE_ROOTFS, container->working_dir);
  // On top of where the container's root is: out of its sight, in this mount namespace alone, and only for
  // now.
  const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (mount("overlay", container->rootfs, "overlay", flags, step->data) == -1)
    fail(STAGE_MOUNT, step->target);
  int tree = mount_clone_part(container->rootfs, step->subpath, false);
  if (tree == -1) fail(STAGE_MOUNT, step->subpath[0] == '\0' ? step->target : step->subpath);
  if (umount2(container->rootfs, MNT_DETACH) == -1 || chdir("/") == -1) fail(STAGE_MOUNT, step->target);
  struct stat info;
  if (fstatat(tree, "", &info, AT_EMPTY_PATH) == -1) fail(STAGE_MOUNT, step->target);
  int target = open_target(root, step->target, S_ISDIR(info.st_mode) ? IN_ROOT_FOLDER : IN_ROOT_FILE);
  if (mount_change(tree, 0, MS_PRIVATE, false) == -1 || mount_attach(tree, target) == -1)
    fail(STAGE_MOUNT, step->target);
  close(target);
  close(tree);
}

static void apply(const struct plan* plan, const struct plan_mount* step, struct mount_sources* sources,
                  int root) {
  switch (step->kind) {
    case STEP_FILESYSTEM:
      return mount_filesystem(step, root);
    case STEP_BIND:
      return mount_bind(step, sources->trees[sources->count++], root);
    case STEP_SYMLINK:
      return make_symlink(step, root);
    case STEP_DEVICE:
      return devices_make_node(step, root);
    case STEP_MASK:
      return devices_mask(step->target, root);
    case STEP_READONLY:
      return make_read_only(step, root);
    case STEP_CGROUP_V1:
      return mount_cgroup_view(plan, step, sources, root);
    case STEP_IMAGE:
      return mount_image(&plan->container, step, root);
    case STEP_COUNT:
      return;
  }
}

void mounts_apply(const struct plan* plan, struct mount_sources* sources, int root) {
  struct plan_reader steps = plan_items(plan, plan->container.mounts);
  for (uint32_t i = 0; i < plan->container.mounts.count; i++) {
    struct plan_mount step = plan_next_mount(&steps);
    apply(plan, &step, sources, root);
  }
  free(sources->trees);
}
