#pragma once
#include <string>

#include "sys/result.h"

namespace tinyd {

/** Reads a pipe to its end; more than 1 MiB is an error (EMSGSIZE): a report is never that long. */
Result<std::string> readReport(int fd);

}  // namespace tinyd
