#include "unpack/layer_unpack.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>

#include "sys/result.h"

namespace tinyd::unpack {

LayerUnpack::LayerUnpack(LayerOptions options) : options_(std::move(options)) {}

LayerUnpack::~LayerUnpack() {
  abort();
  join();
}

Status LayerUnpack::prepare() {
  // Copies, so that a caller who closes its own too early cannot make us read another file.
  blob_.reset(fcntl(options_.blobFd, F_DUPFD_CLOEXEC, 0));
  if (!blob_.valid()) return failedCall("fcntl");
  target_.reset(open(options_.targetDir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target_.valid()) return failedCall("open", options_.targetDir);
  if (!blobHasher_.expect(options_.blobDigest)) {
    return fail(Code::kBlobDigest,
                "cannot verify " + quoted(options_.blobDigest) + ": no sha256 or sha512 digest");
  }
  if (!tarHasher_.expect(options_.diffId)) {
    return fail(Code::kDiffId, "cannot verify " + quoted(options_.diffId) + ": no sha256 or sha512 digest");
  }
  return {};
}

Status LayerUnpack::start(std::function<void()> onDone) {
  TRY(prepare());
  onDone_ = std::move(onDone);
  // Signals are for the host's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  void* (*const mains[2])(void*) = {readerMain, writerMain};
  while (started_ < 2 && error == 0) {
    error = pthread_create(&threads_[started_], nullptr, mains[started_], this);
    if (error == 0) started_++;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) return {};
  abort();
  join();
  return Failure{Code::kSystem, {}, error, "pthread_create"};
}

void LayerUnpack::advance(uint64_t availableBytes) {
  if (availableBytes > options_.blobSize) {
    stop(fail(Code::kBlobSize,
              "the blob is longer than the expected " + std::to_string(options_.blobSize) + " bytes"));
    return;
  }
  feed_.advance(availableBytes);
}

void LayerUnpack::abort() {
  stop(fail(Code::kAborted, "unpacking was aborted"));
}

void LayerUnpack::join() {
  for (; started_ > 0; started_--) pthread_join(threads_[started_ - 1], nullptr);
}

/** The first failure counts; those that follow come from stopping. */
void LayerUnpack::stop(Status status) {
  {
    std::lock_guard lock(mutex_);
    if (status_.ok() && running_ > 0) status_ = std::move(status);
  }
  feed_.stop();
  ring_.stop();
}

void LayerUnpack::finishThread(Status status) {
  if (!status.ok()) stop(std::move(status));
  if (--running_ == 0) onDone_();
}

void* LayerUnpack::readerMain(void* self) {
  auto* unpack = static_cast<LayerUnpack*>(self);
  unpack->finishThread(unpack->readBlob());
  return nullptr;
}

void* LayerUnpack::writerMain(void* self) {
  auto* unpack = static_cast<LayerUnpack*>(self);
  unpack->finishThread(unpack->writeLayer());
  return nullptr;
}

/** Reads at least `least` bytes, fewer only at the end of the blob. */
Status LayerUnpack::nextPiece(uint64_t offset, std::span<uint8_t> buffer, size_t least, size_t* length) {
  *length = 0;
  while (*length < least && offset + *length < options_.blobSize) {
    uint64_t available = 0;
    if (!feed_.waitBeyond(offset + *length, &available)) return fail(Code::kAborted, "unpacking was stopped");
    const uint64_t at = offset + *length;
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(available - at, buffer.size() - *length));
    const ssize_t count = retryInterrupted(
        [&] { return pread(blob_.get(), buffer.data() + *length, wanted, static_cast<off_t>(at)); });
    if (count == -1) return failedCall("pread");
    if (count == 0) {
      return fail(Code::kBlobSize, "the blob file ends after " + std::to_string(at) + " of " +
                                       std::to_string(options_.blobSize) + " bytes");
    }
    *length += static_cast<size_t>(count);
  }
  return {};
}

Status LayerUnpack::readBlob() {
  constexpr size_t kPieceBytes = 256 * 1024;
  const auto buffer = std::make_unique<uint8_t[]>(kPieceBytes);
  RingSink sink(ring_);
  std::unique_ptr<Decoder> decoder;
  for (uint64_t offset = 0; offset < options_.blobSize || !decoder;) {
    size_t length = 0;
    TRY(nextPiece(offset, {buffer.get(), kPieceBytes}, decoder ? 1 : kMagicBytes, &length));
    const Bytes piece(buffer.get(), length);
    if (!decoder) {
      result_.compression = sniffCompression(piece);
      TRY(makeDecoder(result_.compression, &decoder));
    }
    blobHasher_.update(piece);
    TRY(decoder->decode(piece, sink));
    offset += length;
    consumed_.store(offset, std::memory_order_relaxed);
  }
  // A wrong blob explains a truncated stream, not the other way round.
  TRY(blobHasher_.verify(Code::kBlobDigest, "the blob"));
  TRY(decoder->finish());
  sink.finish();
  return {};
}

Status LayerUnpack::writeLayer() {
  RingSource source(ring_, tarHasher_);
  TarReader reader(source);
  LayerWriter writer(target_.get(), options_.overlay, options_.limitBytes);
  for (bool found = true; found;) {
    Entry entry;
    TRY(reader.next(&entry, &found));
    if (found) TRY(writer.add(entry, reader));
  }
  // What follows the end of the archive counts for the diff ID, and for nothing else.
  for (Bytes rest;;) {
    TRY(source.peek(&rest));
    if (rest.empty()) break;
    TRY(writer.charge(rest.size()));
    source.consume(rest.size());
  }
  result_.tarBytes = source.received();
  TRY(tarHasher_.verify(Code::kDiffId, "the layer's tar"));
  return writer.finish(&result_.summary);
}

}  // namespace tinyd::unpack
