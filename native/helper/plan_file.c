#include "plan_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor.h"

#define MOST_BYTES (64 << 20)

/** What the file was when it was last read. */
static struct stat known;

static bool is_known(const struct stat* info) {
  return info->st_ino == known.st_ino && info->st_size == known.st_size &&
         memcmp(&info->st_mtim, &known.st_mtim, sizeof info->st_mtim) == 0;
}

static bool read_at(int fd, void* buffer, size_t length, off_t offset) {
  uint8_t* at = buffer;
  while (length > 0) {
    ssize_t got = pread(fd, at, length, offset);
    if (got <= 0) return false;
    at += got;
    offset += got;
    length -= (size_t)got;
  }
  return true;
}

/** Reads the file into memory of its own, since netlink messages get their sequence numbers in place. */
static void load(int fd, const struct stat* info) {
  uint64_t length;
  struct plan plan;
  if (info->st_size < (off_t)sizeof length || !read_at(fd, &length, sizeof length, 0)) return;
  if (length == 0 || length > MOST_BYTES || length > (uint64_t)info->st_size - sizeof length) return;
  void* buffer = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) return;
  if (!read_at(fd, buffer, length, sizeof length) || plan_parse(&plan, buffer, length) == -1) {
    munmap(buffer, length);
    return;
  }
  munmap((void*)monitor.plan.buffer, monitor.plan.length);
  monitor.plan = plan;
}

void plan_file_reload(void) {
  struct stat info;
  if (monitor.plan.target != TARGET_CONTAINER) return;
  int fd = openat(monitor.run_dir, "plan", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd == -1) return;
  if (fstat(fd, &info) == 0 && !is_known(&info)) {
    known = info;
    load(fd, &info);
  }
  close(fd);
}
