#include "remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEEPEST 60

/** Opens a folder without leaving the mount it is in. */
static int open_folder(int parent, const char* name, unsigned long long resolve) {
  struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, .resolve = resolve};
  return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

/** Unlinks what is no folder. 1: it is a folder. */
static int unlink_file(int parent, const char* name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -1;
  struct stat info;
  int reason = errno;
  if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == -1) return errno == ENOENT ? 0 : -1;
  errno = reason;
  return S_ISDIR(info.st_mode) ? 1 : -1;
}

/** Moves a folder that lies too deep to the top of the tree, where it is met again later. */
static int hoist(int parent, const char* name, int top) {
  static unsigned serial;
  char flat[32];
  for (;;) {
    snprintf(flat, sizeof flat, ".deep-%u", serial++);
    if (syscall(SYS_renameat2, parent, name, top, flat, 1 /* RENAME_NOREPLACE */) == 0) return 0;
    if (errno != EEXIST) return -1;
  }
}

static int empty_folder(DIR* folder, int top, int depth);

static int remove_entry(int parent, const char* name, int top, int depth) {
  int kind = unlink_file(parent, name);
  if (kind <= 0) return kind;
  if (depth >= DEEPEST) return hoist(parent, name, top);
  int fd = open_folder(parent, name, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (fd == -1) return errno == ENOENT ? 0 : -1;
  DIR* folder = fdopendir(fd);
  if (folder == NULL) {
    close(fd);
    return -1;
  }
  int result = empty_folder(folder, top, depth + 1);
  int reason = errno;
  closedir(folder);
  errno = reason;
  if (result == -1) return -1;
  return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int empty_folder(DIR* folder, int top, int depth) {
  // Deleting while reading may skip entries on some file systems, and hoisted folders appear late: read until
  // empty.
  for (;;) {
    int removed = 0;
    struct dirent* entry;
    rewinddir(folder);
    while ((errno = 0, entry = readdir(folder)) != NULL) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      if (remove_entry(dirfd(folder), entry->d_name, top, depth) == -1) return -1;
      removed++;
    }
    if (errno != 0) return -1;
    if (removed == 0) return 0;
  }
}

int remove_tree(int parent, const char* path) {
  int kind = unlink_file(parent, path);
  if (kind <= 0) return kind;
  int top = open_folder(parent, path, 0);
  if (top == -1) return errno == ENOENT ? 0 : -1;
  struct statx info;
  if (statx(top, "", AT_EMPTY_PATH, STATX_TYPE, &info) == -1 ||
      (info.stx_attributes & STATX_ATTR_MOUNT_ROOT)) {
    close(top);
    errno = EXDEV;
    return -1;
  }
  DIR* folder = fdopendir(top);
  if (folder == NULL) {
    close(top);
    return -1;
  }
  int result = empty_folder(folder, top, 0);
  int reason = errno;
  closedir(folder);
  errno = reason;
  if (result == -1) return -1;
  return unlinkat(parent, path, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}
