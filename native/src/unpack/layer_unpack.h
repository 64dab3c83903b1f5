#pragma once
#include <pthread.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "unpack/blob_feed.h"
#include "unpack/decoder.h"
#include "unpack/layer_writer.h"
#include "unpack/ring.h"

namespace tinyd::unpack {

/** What a layer is to become, and what it must turn out to be. */
struct LayerOptions {
  int blobFd = -1;
  uint64_t blobSize = 0;
  std::string blobDigest{};
  std::string diffId{};
  std::string targetDir{};
  OverlayXattr overlay = OverlayXattr::kTrusted;
  uint64_t limitBytes = UINT64_MAX;
};

struct LayerResult {
  LayerSummary summary;
  uint64_t tarBytes = 0;
  Compression compression = Compression::kNone;
};

/**
 * Turns one growing blob file into a folder, with two threads: one reads, hashes and decodes, the other
 * hashes the decoded tar, parses it and writes. The first failure of either stops both.
 */
class LayerUnpack {
 public:
  explicit LayerUnpack(LayerOptions options);
  /** Stops and joins. */
  ~LayerUnpack();
  LayerUnpack(const LayerUnpack&) = delete;
  LayerUnpack& operator=(const LayerUnpack&) = delete;

  /** Starts the threads. `onDone` is called once, on one of them, as its last act. */
  Status start(std::function<void()> onDone);
  void advance(uint64_t availableBytes);
  void abort();
  /** Waits for both threads; nothing of them is left after it. */
  void join();
  uint64_t consumed() const {
    return consumed_.load(std::memory_order_relaxed);
  }
  /** After join(). */
  Status& status() {
    return status_;
  }
  LayerResult& result() {
    return result_;
  }

 private:
  Status prepare();
  Status readBlob();
  Status writeLayer();
  Status nextPiece(uint64_t offset, std::span<uint8_t> buffer, size_t least, size_t* length);
  void finishThread(Status status);
  void stop(Status status);
  static void* readerMain(void* self);
  static void* writerMain(void* self);

  LayerOptions options_;
  Fd blob_;
  Fd target_;
  Hasher blobHasher_;
  Hasher tarHasher_;
  BlobFeed feed_;
  Ring ring_;
  std::function<void()> onDone_;
  std::atomic<uint64_t> consumed_ = 0;
  /** Threads that have not come to their end. */
  std::atomic<int> running_ = 2;
  std::mutex mutex_;
  Status status_;
  LayerResult result_;
  pthread_t threads_[2];
  int started_ = 0;
};

}  // namespace tinyd::unpack
