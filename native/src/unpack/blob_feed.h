#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace tinyd::unpack {

/** How far a growing blob file may be read; told by one thread, waited for by another. */
class BlobFeed {
 public:
  /** The first `available` bytes are there. A smaller value than before is ignored. */
  void advance(uint64_t available);
  /** Wakes the reader for good. */
  void stop();
  /** Waits until there are bytes behind `offset`; false when stopped. */
  bool waitBeyond(uint64_t offset, uint64_t* available);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t available_ = 0;
  bool stopped_ = false;
};

}  // namespace tinyd::unpack
