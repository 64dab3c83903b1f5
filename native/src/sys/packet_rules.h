#pragma once
#include <cstdint>

#include "sys/result.h"

namespace tinyd {

/** The number of the packet rules of this network namespace, which every change of them raises
 * (NFT_MSG_GETGEN). */
Result<uint32_t> rulesGeneration();

}  // namespace tinyd
