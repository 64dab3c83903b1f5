#include "sys/signal_process.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/process_stat.h"

namespace tinyd {

Result<bool> signalProcess(pid_t pid, uint64_t startTicks, int signal) {
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) {
    if (errno == ESRCH) return false;
    return lastFailure("pidfd_open");
  }
  // Looked up after the pidfd is open: from here on the number cannot come to mean another process.
  std::optional<ProcessStat> stat = readProcessStat(pid);
  if (!stat.has_value() || stat->startTicks != startTicks) return false;
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  return lastFailure("pidfd_send_signal");
}

}  // namespace tinyd
