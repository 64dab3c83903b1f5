#include "in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_STEPS 512
#define MOST_RACES 128

int in_root_open(int root, const char* path, int flags, uint64_t resolve) {
  struct open_how how = {.flags = (uint64_t)flags | O_CLOEXEC,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
  long fd;
  int races = 0;
  do {
    // EAGAIN: a rename elsewhere raced with "..", and the kernel could not tell whether the walk stayed
    // inside.
    fd = syscall(SYS_openat2, root, path[0] == '\0' ? "." : path, &how, sizeof how);
  } while (fd == -1 && (errno == EINTR || (errno == EAGAIN && races++ < MOST_RACES)));
  return (int)fd;
}

/** A path split at its first part that does not exist. */
struct missing {
  int folder;              /* the last folder that does */
  size_t known;            /* length of the path that leads to it */
  char part[NAME_MAX + 1]; /* the first part that does not exist, or is a dangling link */
  size_t rest;             /* where the path goes on behind it */
};

/** Finds how much of `path` exists. False with errno set on failure. */
static bool find_missing(int root, const char* path, struct missing* missing) {
  char known[PATH_MAX] = "";
  size_t end = 0;
  missing->folder = in_root_open(root, "", O_PATH | O_DIRECTORY, 0);
  missing->known = 0;
  while (missing->folder != -1) {
    while (path[end] == '/') end++;
    size_t length = strcspn(path + end, "/");
    if (length == 0 || length > NAME_MAX) {
      errno = length == 0 ? EAGAIN : ENAMETOOLONG;  // EAGAIN: all of it exists by now
      break;
    }
    memcpy(known, path, end + length);
    known[end + length] = '\0';
    int next = in_root_open(root, known, O_PATH | O_DIRECTORY, 0);
    if (next == -1) {
      if (errno != ENOENT) break;
      memcpy(missing->part, path + end, length);
      missing->part[length] = '\0';
      missing->rest = end + length;
      return true;
    }
    close(missing->folder);
    missing->folder = next;
    end += length;
    missing->known = end;
  }
  if (missing->folder != -1) close(missing->folder);
  return false;
}

/** Puts a dangling link's target in the place of the link. False with errno set when the path grows too long.
 */
static bool follow_link(char* path, const struct missing* missing, const char* target) {
  char followed[PATH_MAX];
  int length;
  if (target[0] == '/') {
    length = snprintf(followed, sizeof followed, "%s%s", target, path + missing->rest);
  } else {
    length = snprintf(followed, sizeof followed, "%.*s/%s%s", (int)missing->known, path, target,
                      path + missing->rest);
  }
  if (length < 0 || (size_t)length >= sizeof followed) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(path, followed, (size_t)length + 1);
  return true;
}

/** Makes the first missing part, or follows it when it is a dangling link. False with errno set on failure.
 */
static bool make_part(char* path, const struct missing* missing, enum in_root_kind kind) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(missing->folder, missing->part, target, sizeof target - 1);
  if (length >= 0) {
    target[length] = '\0';
    return follow_link(path, missing, target);
  }
  bool last = path[missing->rest + strspn(path + missing->rest, "/")] == '\0';
  int made;
  if (last && kind == IN_ROOT_FILE) {
    made = mknodat(missing->folder, missing->part, S_IFREG | 0644, 0);
  } else {
    made = mkdirat(missing->folder, missing->part, 0755);
  }
  return made == 0 || errno == EEXIST;
}

int in_root_make(int root, const char* wanted, enum in_root_kind kind) {
  char path[PATH_MAX];
  if (strlen(wanted) >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(path, wanted);
  // Each round makes one part or follows one link; links that lead in circles end here.
  for (int step = 0; step < MOST_STEPS; step++) {
    int fd = in_root_open(root, path, O_PATH, 0);
    if (fd != -1 || errno != ENOENT) return fd;
    struct missing missing;
    if (!find_missing(root, path, &missing)) {
      if (errno == EAGAIN) continue;
      return -1;
    }
    bool made = make_part(path, &missing, kind);
    int reason = errno;
    close(missing.folder);
    errno = reason;
    if (!made) return -1;
  }
  errno = ELOOP;
  return -1;
}

int in_root_make_parent(int root, const char* path, const char** name) {
  const char* slash = strrchr(path, '/');
  *name = slash == NULL ? path : slash + 1;
  if ((*name)[0] == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
    errno = EINVAL;
    return -1;
  }
  char parent[PATH_MAX];
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  if (length >= sizeof parent) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(parent, path, length);
  parent[length] = '\0';
  return in_root_make(root, parent, IN_ROOT_FOLDER);
}
