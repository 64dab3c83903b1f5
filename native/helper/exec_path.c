#include "exec_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** 0 when this process could execute the file, else the reason. */
static int executable(const char* path) {
  struct stat info;
  if (stat(path, &info) == -1) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  // The effective user counts; a program on a noexec mount is left for execve to refuse.
  if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == -1 && errno != EROFS) return errno;
  return (info.st_mode & 0111) != 0 ? 0 : EACCES;
}

static const char* find_variable(char* const* environment, const char* name) {
  size_t length = strlen(name);
  for (; *environment != NULL; environment++) {
    if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
      return *environment + length + 1;
  }
  return "";
}

int exec_path_find(const char* name, char* const* environment, char* path) {
  if (strlen(name) >= PATH_MAX) return ENAMETOOLONG;
  if (strchr(name, '/') != NULL) {
    strcpy(path, name);
    return executable(path);
  }
  if (name[0] == '\0') return ENOENT;
  for (const char* folder = find_variable(environment, "PATH"); *folder != '\0';) {
    int length = (int)strcspn(folder, ":");
    int written = snprintf(path, PATH_MAX, "%.*s%s%s", length, folder, length > 0 ? "/" : "./", name);
    if (written > 0 && written < PATH_MAX && executable(path) == 0) return 0;
    folder += length;
    if (*folder == ':') folder++;
  }
  // What is there but cannot be executed counts as not found, as it does for docker.
  return ENOENT;
}
