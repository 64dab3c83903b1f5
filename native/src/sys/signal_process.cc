#include "sys/signal_process.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "sys/fd.h"

namespace tinyd {
namespace {

/** Field 22 of /proc/PID/stat; 0 when there is no such process. */
uint64_t startTicksOf(pid_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/stat";
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  char text[1024];
  ssize_t length = read(file.get(), text, sizeof text - 1);
  if (length <= 0) return 0;
  text[length] = '\0';
  // The command name may hold spaces and brackets: fields are counted from the last bracket, which ends
  // field 2.
  const char* at = strrchr(text, ')');
  for (int field = 2; at != nullptr && field < 22; field++) at = strchr(at + 1, ' ');
  return at == nullptr ? 0 : strtoull(at + 1, nullptr, 10);
}

}  // namespace

Result<bool> signalProcess(pid_t pid, uint64_t startTicks, int signal) {
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) {
    if (errno == ESRCH) return false;
    return lastFailure("pidfd_open");
  }
  // Looked up after the pidfd is open: from here on the number cannot come to mean another process.
  if (startTicksOf(pid) != startTicks) return false;
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  return lastFailure("pidfd_send_signal");
}

}  // namespace tinyd
