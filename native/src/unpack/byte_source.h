#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "unpack/status.h"

namespace tinyd::unpack {

using Bytes = std::span<const uint8_t>;

/** Bytes that arrive in order, seen through a window. */
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /** The bytes at hand, waiting for some; empty only at the end. Valid until the next peek(). */
  virtual Status peek(Bytes* window) = 0;
  /** Moves on by `count`, at most what peek() showed. */
  virtual void consume(size_t count) = 0;
};

/** Where decoded bytes go. */
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /** Room to write to, at least one byte, waiting for it. */
  virtual Status space(std::span<uint8_t>* room) = 0;
  /** Says that the first `count` bytes of space() are filled. */
  virtual void filled(size_t count) = 0;
};

}  // namespace tinyd::unpack
