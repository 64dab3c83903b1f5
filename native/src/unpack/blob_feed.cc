#include "unpack/blob_feed.h"

namespace tinyd::unpack {

void BlobFeed::advance(uint64_t available) {
  std::lock_guard lock(mutex_);
  if (available <= available_) return;
  available_ = available;
  changed_.notify_one();
}

void BlobFeed::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool BlobFeed::waitBeyond(uint64_t offset, uint64_t* available) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || available_ > offset; });
  *available = available_;
  return !stopped_;
}

}  // namespace tinyd::unpack
