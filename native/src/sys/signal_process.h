#pragma once
#include <sys/types.h>

#include <cstdint>

#include "sys/result.h"

namespace tinyd {

/** Signals `pid` through a pidfd if it still is the process that started at `startTicks`; false: it is gone.
 */
Result<bool> signalProcess(pid_t pid, uint64_t startTicks, int signal);

}  // namespace tinyd
