#pragma once
#include <memory>

#include "unpack/byte_source.h"

namespace tinyd::unpack {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

/** How many leading bytes sniffCompression() needs. */
constexpr size_t kMagicBytes = 6;

/** Tells the compression by the magic number alone; media types are often wrong. */
Compression sniffCompression(Bytes start);

const char* compressionName(Compression compression);

/** Decodes a stream that arrives in pieces. */
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual Status decode(Bytes input, ByteSink& output) = 0;
  /** The input has ended; fails when that is too early. */
  virtual Status finish() = 0;
};

/**
 * Makes the decoder; fails with COMPRESSION when its library is not installed, and for formats that are only
 * recognised to be refused: no registry has them, and their decoders are no place for hostile input.
 */
Status makeDecoder(Compression compression, std::unique_ptr<Decoder>* decoder);

Status makeGzipDecoder(std::unique_ptr<Decoder>* decoder);
Status makeZstdDecoder(std::unique_ptr<Decoder>* decoder);

}  // namespace tinyd::unpack
