#pragma once
#include <memory>

#include "unpack/byte_source.h"
#include "unpack/decoder.h"

namespace tinyd::unpack {

/** Decodes one gzip member (RFC 1952) at a time; header, CRC-32 and length are checked. */
class Inflater {
 public:
  virtual ~Inflater() = default;
  /**
   * Takes from `input` and fills `room` from its start, both of which shrink accordingly.
   *
   * @param ended set when the member is over; what follows it is left in `input`.
   */
  virtual Status inflate(Bytes* input, std::span<uint8_t>* room, bool* ended) = 0;
  /** Makes ready for the next member. */
  virtual void reset() = 0;
};

/** By zlib, as Node brings it. nullptr when memory is short. */
std::unique_ptr<Inflater> makeZlibInflater();

/** By ISA-L, which takes four fifths of the time; nullptr when it is not installed. */
std::unique_ptr<Inflater> makeIsalInflater();

/** Members one after the other, by the given inflater. */
std::unique_ptr<Decoder> makeGzipDecoder(std::unique_ptr<Inflater> inflater);

}  // namespace tinyd::unpack
