#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace tinyd {

/** Digest of `bytes` by "sha256" or "sha512" in hexadecimal digits; EINVAL for any other algorithm. */
Result<std::string> digestOf(const std::string& algorithm, const uint8_t* bytes, size_t length);

/** Bytes of the kernel's random number generator (getrandom(2)). */
Result<std::vector<uint8_t>> randomBytes(size_t count);

}  // namespace tinyd
