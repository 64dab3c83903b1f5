#include "unpack/gzip_header.h"

#include <zlib.h>

namespace tinyd::unpack {

namespace {

constexpr size_t kFixedBytes = 10, kLengthBytes = 2, kChecksumBytes = 2;
constexpr uint8_t kDeflate = 8;
/** FLG: which parts follow, and bits that must be zero. */
constexpr uint8_t kHasChecksum = 2, kHasExtra = 4, kHasName = 8, kHasComment = 16, kReserved = 0xe0;

}  // namespace

Status GzipHeader::take(Bytes* input) {
  while (!complete() && !input->empty()) {
    const uint8_t byte = input->front();
    *input = input->subspan(1);
    TRY(takeByte(byte));
  }
  return {};
}

Status GzipHeader::takeByte(uint8_t byte) {
  const size_t index = at_++;
  if (part_ == Part::kChecksum) return takeChecksum(byte);
  crc_ = crc32(crc_, &byte, 1);
  switch (part_) {
    case Part::kFixed:
      TRY(takeFixed(byte));
      if (at_ == kFixedBytes) enter(Part::kExtraLength);
      break;
    case Part::kExtraLength:
      extraLength_ |= static_cast<uint32_t>(byte) << (8 * index);
      if (at_ == kLengthBytes) enter(Part::kExtra);
      break;
    case Part::kExtra:
      if (at_ == extraLength_) enter(Part::kName);
      break;
    case Part::kName:
    case Part::kComment:
      if (byte == 0) enter(part_ == Part::kName ? Part::kComment : Part::kChecksum);
      break;
    case Part::kChecksum:
    case Part::kDone:
      break;
  }
  return {};
}

Status GzipHeader::takeFixed(uint8_t byte) {
  constexpr uint8_t kMagic[] = {0x1f, 0x8b};
  const size_t index = at_ - 1;
  if (index < sizeof kMagic && byte != kMagic[index])
    return fail(Code::kCompression, "gzip: incorrect header check");
  if (index == 2 && byte != kDeflate) return fail(Code::kCompression, "gzip: unknown compression method");
  if (index != 3) return {};
  flags_ = byte;
  if ((byte & kReserved) != 0) return fail(Code::kCompression, "gzip: unknown header flags set");
  return {};
}

Status GzipHeader::takeChecksum(uint8_t byte) {
  if (byte != ((crc_ >> (8 * (at_ - 1))) & 0xff))
    return fail(Code::kCompression, "gzip: header crc mismatch");
  if (at_ == kChecksumBytes) enter(Part::kDone);
  return {};
}

/** Goes to a part, or to the first one behind it that this header has. */
void GzipHeader::enter(Part part) {
  part_ = part;
  while (!has(part_)) part_ = static_cast<Part>(static_cast<int>(part_) + 1);
  at_ = 0;
}

bool GzipHeader::has(Part part) const {
  switch (part) {
    case Part::kExtraLength:
      return (flags_ & kHasExtra) != 0;
    case Part::kExtra:
      return extraLength_ > 0;
    case Part::kName:
      return (flags_ & kHasName) != 0;
    case Part::kComment:
      return (flags_ & kHasComment) != 0;
    case Part::kChecksum:
      return (flags_ & kHasChecksum) != 0;
    case Part::kFixed:
    case Part::kDone:
      return true;
  }
  return true;
}

}  // namespace tinyd::unpack
