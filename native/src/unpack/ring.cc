#include "unpack/ring.h"

namespace tinyd::unpack {

Ring::Ring() : memory_(new uint8_t[kSlots * kSlotBytes]) {}

uint8_t* Ring::acquireFree() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || published_ - released_ < kSlots; });
  return stopped_ ? nullptr : memory_.get() + (published_ % kSlots) * kSlotBytes;
}

void Ring::publish(size_t length) {
  std::lock_guard lock(mutex_);
  lengths_[published_ % kSlots] = length;
  published_++;
  changed_.notify_one();
}

void Ring::finish() {
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_one();
}

bool Ring::acquireFull(Bytes* bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || finished_ || published_ > released_; });
  if (stopped_) return false;
  const size_t slot = released_ % kSlots;
  *bytes = published_ > released_ ? Bytes(memory_.get() + slot * kSlotBytes, lengths_[slot]) : Bytes();
  return true;
}

void Ring::release() {
  std::lock_guard lock(mutex_);
  released_++;
  changed_.notify_one();
}

void Ring::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

Status RingSink::space(std::span<uint8_t>* room) {
  if (slot_ == nullptr) {
    slot_ = ring_.acquireFree();
    if (slot_ == nullptr) return fail(Code::kAborted, "unpacking was stopped");
    length_ = 0;
  }
  *room = {slot_ + length_, Ring::kSlotBytes - length_};
  return {};
}

void RingSink::filled(size_t count) {
  length_ += count;
  if (length_ < Ring::kSlotBytes) return;
  ring_.publish(length_);
  slot_ = nullptr;
}

void RingSink::finish() {
  if (slot_ != nullptr && length_ > 0) ring_.publish(length_);
  slot_ = nullptr;
  ring_.finish();
}

Status RingSource::peek(Bytes* window) {
  if (window_.empty()) {
    if (holding_) ring_.release();
    holding_ = false;
    if (!ring_.acquireFull(&window_)) return fail(Code::kAborted, "unpacking was stopped");
    holding_ = !window_.empty();
    hasher_.update(window_);
    received_ += window_.size();
  }
  *window = window_;
  return {};
}

void RingSource::consume(size_t count) {
  window_ = window_.subspan(count);
}

}  // namespace tinyd::unpack
