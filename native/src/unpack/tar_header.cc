#include "unpack/tar_header.h"

#include <algorithm>
#include <cstring>

namespace tinyd::unpack {

namespace {

struct Field {
  size_t offset;
  size_t width;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kMtime{136, 12},
    kChecksum{148, 8}, kLinkName{157, 100}, kMajor{329, 8}, kMinor{337, 8}, kPrefix{345, 155};
constexpr size_t kTypeOffset = 156, kMagicOffset = 257, kStarTrailerOffset = 508;
/** star keeps times where ustar keeps the end of the prefix. */
constexpr size_t kStarPrefixWidth = 131;

bool octal(std::string_view text, int64_t* value) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  text = text.substr(0, std::min(text.find('\0'), text.size()));
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  uint64_t number = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '7' || number > (INT64_MAX >> 3)) return false;
    number = number * 8 + static_cast<uint64_t>(digit - '0');
  }
  *value = static_cast<int64_t>(number);
  return true;
}

/** Two's complement, big endian; the top bit only marks the encoding, the next one is the sign. */
bool base256(const uint8_t* bytes, size_t width, int64_t* value) {
  const bool isNegative = (bytes[0] & 0x40) != 0;
  const uint8_t filler = isNegative ? 0xff : 0x00;
  const uint8_t first =
      isNegative ? static_cast<uint8_t>(bytes[0] | 0x80) : static_cast<uint8_t>(bytes[0] & 0x7f);
  uint64_t number = isNegative ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < width; i++) {
    const uint8_t byte = i == 0 ? first : bytes[i];
    if (width - i > 8 && byte != filler) return false;
    number = (number << 8) | byte;
  }
  *value = static_cast<int64_t>(number);
  return (*value < 0) == isNegative;
}

bool checksumMatches(const TarBlock& block) {
  int64_t stored = 0;
  if (!octal({reinterpret_cast<const char*>(&block[kChecksum.offset]), kChecksum.width}, &stored))
    return false;
  // The field itself counts as blanks. Some old writers summed signed bytes.
  int64_t unsignedSum = 0, signedSum = 0;
  for (size_t i = 0; i < kTarBlock; i++) {
    const bool isChecksum = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.width;
    const uint8_t byte = isChecksum ? ' ' : block[i];
    unsignedSum += byte;
    signedSum += static_cast<int8_t>(byte);
  }
  return stored == unsignedSum || stored == signedSum;
}

TarDialect dialectOf(const TarBlock& block) {
  if (memcmp(&block[kMagicOffset], "ustar ", 6) == 0) return TarDialect::kGnu;
  if (memcmp(&block[kMagicOffset], "ustar\0", 6) != 0) return TarDialect::kV7;
  return memcmp(&block[kStarTrailerOffset], "tar\0", 4) == 0 ? TarDialect::kStar : TarDialect::kUstar;
}

Status number(const TarBlock& block, Field field, const char* name, int64_t least, int64_t* value) {
  if (tarNumber(block, field.offset, field.width, value) && *value >= least) return {};
  const std::string path = quoted(tarText(block, kName.offset, kName.width));
  return fail(Code::kArchive, std::string("tar header of ") + path + " has a malformed " + name);
}

}  // namespace

std::string tarText(const TarBlock& block, size_t offset, size_t width) {
  const char* start = reinterpret_cast<const char*>(&block[offset]);
  return {start, strnlen(start, width)};
}

bool tarNumber(const TarBlock& block, size_t offset, size_t width, int64_t* value) {
  if ((block[offset] & 0x80) != 0) return base256(&block[offset], width, value);
  return octal({reinterpret_cast<const char*>(&block[offset]), width}, value);
}

bool isZeroBlock(const TarBlock& block) {
  return std::all_of(block.begin(), block.end(), [](uint8_t byte) { return byte == 0; });
}

Status parseTarHeader(const TarBlock& block, TarHeader* header) {
  if (!checksumMatches(block)) return fail(Code::kArchive, "not a tar header: the checksum is wrong");
  header->dialect = dialectOf(block);
  header->type = static_cast<char>(block[kTypeOffset]);
  header->path = tarText(block, kName.offset, kName.width);
  header->link = tarText(block, kLinkName.offset, kLinkName.width);
  if (header->dialect == TarDialect::kUstar || header->dialect == TarDialect::kStar) {
    const size_t width = header->dialect == TarDialect::kStar ? kStarPrefixWidth : kPrefix.width;
    const std::string prefix = tarText(block, kPrefix.offset, width);
    if (!prefix.empty()) header->path = prefix + "/" + header->path;
  }
  int64_t size = 0, mode = 0, uid = 0, gid = 0, deviceMajor = 0, deviceMinor = 0;
  TRY(number(block, kSize, "size", 0, &size));
  TRY(number(block, kMode, "mode", 0, &mode));
  TRY(number(block, kUid, "uid", 0, &uid));
  TRY(number(block, kGid, "gid", 0, &gid));
  TRY(number(block, kMtime, "mtime", INT64_MIN, &header->mtime));
  if (header->type == '3' || header->type == '4') {
    TRY(number(block, kMajor, "device number", 0, &deviceMajor));
    TRY(number(block, kMinor, "device number", 0, &deviceMinor));
  }
  header->size = static_cast<uint64_t>(size);
  header->mode = static_cast<uint32_t>(mode & 07777);
  header->uid = static_cast<uint64_t>(uid);
  header->gid = static_cast<uint64_t>(gid);
  header->deviceMajor = static_cast<uint64_t>(deviceMajor);
  header->deviceMinor = static_cast<uint64_t>(deviceMinor);
  return {};
}

}  // namespace tinyd::unpack
