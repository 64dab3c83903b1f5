#pragma once
#include "sys/result.h"

namespace tinyd {

/** flock(2). `operation` is LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB or without. False: held by somebody
 * else. */
Result<bool> lockFile(int fd, int operation);

}  // namespace tinyd
