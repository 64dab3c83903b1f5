#include "sys/locks.h"

#include <sys/file.h>

namespace tinyd {

Result<bool> lockFile(int fd, int operation) {
  if (retryInterrupted([&] { return flock(fd, operation); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return lastFailure("flock");
}

}  // namespace tinyd
