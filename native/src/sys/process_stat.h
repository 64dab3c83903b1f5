#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace tinyd {

/** What /proc/PID/stat says of a process. */
struct ProcessStat {
  /** Field 3; `Z` and `X`: it has ended. */
  char state;
  /** Field 22, in clock ticks since boot. */
  uint64_t startTicks;
};

/** Nothing when there is no such process. */
std::optional<ProcessStat> readProcessStat(pid_t pid);

}  // namespace tinyd
