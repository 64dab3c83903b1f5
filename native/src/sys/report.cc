#include "sys/report.h"

#include <unistd.h>

namespace tinyd {

Result<std::string> readReport(int fd) {
  constexpr size_t kMostBytes = 1 << 20;
  std::string report;
  char buffer[4096];
  for (;;) {
    ssize_t count = retryInterrupted([&] { return read(fd, buffer, sizeof buffer); });
    if (count == -1) return lastFailure("read");
    if (count == 0) return report;
    report.append(buffer, static_cast<size_t>(count));
    if (report.size() > kMostBytes) return Failure{EMSGSIZE, "read"};
  }
}

}  // namespace tinyd
