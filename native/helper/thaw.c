#include "thaw.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define COMMAND_FD 3
#define FREEZER_FD 4

int thaw_main(const char* word) {
  // Who starts a helper waits for its first process.
  pid_t guard = fork();
  if (guard != 0) return guard == -1 ? 1 : 0;
  char byte;
  ssize_t count = read(COMMAND_FD, &byte, sizeof byte);
  while (count == -1 && errno == EINTR) count = read(COMMAND_FD, &byte, sizeof byte);
  if (count > 0) return 0;
  size_t length = strlen(word);
  // ENODEV: the container has ended, and its cgroup is gone.
  return write(FREEZER_FD, word, length) == (ssize_t)length ? 0 : 1;
}
