#pragma once
#include <array>
#include <string_view>

#include "unpack/entry.h"

namespace tinyd::unpack {

constexpr size_t kTarBlock = 512;
using TarBlock = std::array<uint8_t, kTarBlock>;

/** Which dialect a header block is written in; they differ in what follows the first 345 bytes. */
enum class TarDialect { kV7, kUstar, kGnu, kStar };

/** The fields of one header block, before extension headers are merged in. */
struct TarHeader {
  TarDialect dialect = TarDialect::kV7;
  char type = '0';
  std::string path;
  std::string link;
  uint64_t size = 0;
  uint32_t mode = 0;
  uint64_t uid = 0;
  uint64_t gid = 0;
  int64_t mtime = 0;
  uint64_t deviceMajor = 0;
  uint64_t deviceMinor = 0;
};

/** A fixed-width text field, up to its first NUL. */
std::string tarText(const TarBlock& block, size_t offset, size_t width);

/** A number field: octal with blanks around it, or base-256 (GNU). False when it is neither or too large. */
bool tarNumber(const TarBlock& block, size_t offset, size_t width, int64_t* value);

bool isZeroBlock(const TarBlock& block);

/** Decodes a header block (POSIX.1-1988 ustar, v7, GNU, star) and verifies its checksum. */
Status parseTarHeader(const TarBlock& block, TarHeader* header);

}  // namespace tinyd::unpack
