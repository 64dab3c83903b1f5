#pragma once
#include <string>
#include <utility>

#include "sys/fd.h"
#include "sys/result.h"

namespace tinyd {

/** A connected pair of stream sockets, close-on-exec. */
Result<std::pair<Fd, Fd>> socketPair();

/** Connects to a unix stream socket, also one whose path is longer than sun_path. */
Result<Fd> connectUnix(const std::string& path);

}  // namespace tinyd
