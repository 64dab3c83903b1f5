#pragma once
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "unpack/byte_source.h"
#include "unpack/digest.h"

namespace tinyd::unpack {

/** Hands decoded bytes from one thread to another: 8 buffers of 256 KiB, the faster side waits. */
class Ring {
 public:
  static constexpr size_t kSlots = 8;
  static constexpr size_t kSlotBytes = 256 * 1024;

  Ring();

  /** Producer: a free buffer; nullptr when stopped. */
  uint8_t* acquireFree();
  /** Producer: passes the acquired buffer on. */
  void publish(size_t length);
  /** Producer: no more buffers will come. */
  void finish();

  /** Consumer: the next buffer, empty at the end; false when stopped. */
  bool acquireFull(Bytes* bytes);
  /** Consumer: gives the acquired buffer back. */
  void release();

  /** Either side, or a third: both sides stop waiting, for good. */
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<uint8_t[]> memory_;
  std::array<size_t, kSlots> lengths_{};
  size_t published_ = 0;
  size_t released_ = 0;
  bool finished_ = false;
  bool stopped_ = false;
};

/** The producer's end, as a sink that fills whole buffers. */
class RingSink : public ByteSink {
 public:
  explicit RingSink(Ring& ring) : ring_(ring) {}
  Status space(std::span<uint8_t>* room) override;
  void filled(size_t count) override;
  /** Passes on what is left and ends the stream. */
  void finish();

 private:
  Ring& ring_;
  uint8_t* slot_ = nullptr;
  size_t length_ = 0;
};

/** The consumer's end: bytes are hashed and counted as they arrive. */
class RingSource : public ByteSource {
 public:
  RingSource(Ring& ring, Hasher& hasher) : ring_(ring), hasher_(hasher) {}
  Status peek(Bytes* window) override;
  void consume(size_t count) override;
  /** Bytes received so far, consumed or not. */
  uint64_t received() const {
    return received_;
  }

 private:
  Ring& ring_;
  Hasher& hasher_;
  Bytes window_;
  bool holding_ = false;
  uint64_t received_ = 0;
};

}  // namespace tinyd::unpack
