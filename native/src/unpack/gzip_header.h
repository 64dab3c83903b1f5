#pragma once
#include "unpack/byte_source.h"

namespace tinyd::unpack {

/** The header of a gzip member (RFC 1952, 2.3), read in pieces of any size. */
class GzipHeader {
 public:
  /** Takes what belongs to the header from the start of `input`. Fails as zlib does, in its words. */
  Status take(Bytes* input);

  bool complete() const {
    return part_ == Part::kDone;
  }

 private:
  enum class Part { kFixed, kExtraLength, kExtra, kName, kComment, kChecksum, kDone };

  Status takeByte(uint8_t byte);
  Status takeFixed(uint8_t byte);
  Status takeChecksum(uint8_t byte);
  void enter(Part part);
  bool has(Part part) const;

  Part part_ = Part::kFixed;
  /** Bytes of the present part so far. */
  size_t at_ = 0;
  uint8_t flags_ = 0;
  uint32_t extraLength_ = 0;
  /** Of all before the checksum (CRC-32); the header holds its lower half. */
  unsigned long crc_ = 0;
};

}  // namespace tinyd::unpack
