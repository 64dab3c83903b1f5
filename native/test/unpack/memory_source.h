#pragma once
#include <algorithm>

#include "unpack/byte_source.h"

namespace tinyd::unpack {

/** An archive in memory, shown through windows of changing size. */
class MemorySource : public ByteSource {
 public:
  MemorySource(Bytes bytes, size_t window) : bytes_(bytes), window_(window) {}
  Status peek(Bytes* window) override {
    *window = bytes_.first(std::min(bytes_.size(), window_));
    return {};
  }
  void consume(size_t count) override {
    bytes_ = bytes_.subspan(count);
  }

 private:
  Bytes bytes_;
  size_t window_;
};

}  // namespace tinyd::unpack
