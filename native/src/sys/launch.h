#pragma once
#include <string>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** A program to start. `fds[i]` becomes its descriptor i; -1 leaves that one closed; all others are closed.
 */
struct Launch {
  std::string executable;
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::vector<int> fds;
};

/**
 * Starts a program whose first process ends at once (it forks by itself) and reaps that process.
 *
 * With `sealed` the executable is opened through a read-only mount of its own, or where the host refuses that
 * as a sealed copy in memory, so that /proc/PID/exe leads nowhere that can be written.
 */
Result<Done> spawnDetached(const Launch& launch, bool sealed);

/** execve(2) in place of this process. Comes back only when it failed. */
Failure replaceProcess(const Launch& launch);

}  // namespace tinyd
