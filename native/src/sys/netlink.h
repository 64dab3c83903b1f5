#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** Sends netlink messages as one datagram and collects the answers that carry data; see helper/netlink.h. */
Result<std::vector<std::string>> netlinkRequest(int protocol, const uint8_t* messages, size_t length);

}  // namespace tinyd
