#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int write_value(int dir, const char* path, const char* value) {
  int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return -1;
  ssize_t wrote;
  do {
    wrote = write(fd, value, strlen(value));
  } while (wrote == -1 && errno == EINTR);
  int reason = errno;
  close(fd);
  errno = reason;
  return wrote == -1 ? -1 : 0;
}

ssize_t read_value(int dir, const char* path, char* value, size_t size) {
  int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return -1;
  size_t length = 0;
  while (length < size - 1) {
    ssize_t got = read(fd, value + length, size - 1 - length);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1) {
      int reason = errno;
      close(fd);
      errno = reason;
      return -1;
    }
    if (got == 0) break;
    length += (size_t)got;
  }
  close(fd);
  if (length > 0 && value[length - 1] == '\n') length--;
  value[length] = '\0';
  return (ssize_t)length;
}

int write_all(int fd, const void* data, size_t length) {
  const char* at = data;
  while (length > 0) {
    ssize_t wrote = write(fd, at, length);
    if (wrote == -1 && errno == EINTR) continue;
    if (wrote == -1) return -1;
    at += wrote;
    length -= (size_t)wrote;
  }
  return 0;
}

int open_null(int flags) {
  int fd = open("/dev/null", flags | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return -1;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) return fd;
  close(fd);
  errno = ENXIO;
  return -1;
}
