#include "unpack/gzip_header.h"
#include "unpack/inflater.h"
#include "unpack/isal_library.h"

namespace tinyd::unpack {

namespace {

/** What igzip_lib.h calls its errors, in zlib's words where there are some. */
const char* reasonOf(int error) {
  switch (error) {
    case -1:
      return "invalid block type";
    case -2:
      return "invalid code";
    case -3:
      return "invalid distance too far back";
    case -6:
      return "incorrect data check";
    default:
      return "invalid data";
  }
}

/**
 * ISA-L behind a header reader of ours: its own loses its place in headers that come in pieces, and takes
 * reserved flags.
 */
class IsalInflater : public Inflater {
 public:
  explicit IsalInflater(const IsalLibrary& isal) : isal_(isal), state_(std::make_unique<IsalState>()) {
    isal_.init(state_.get());
    state_->checksumKind = kIsalGzipBody;
  }

  Status inflate(Bytes* input, std::span<uint8_t>* room, bool* ended) override {
    TRY(header_.take(input));
    if (!header_.complete()) return {};
    state_->nextIn = input->data();
    state_->availableIn = static_cast<uint32_t>(input->size());
    state_->nextOut = room->data();
    state_->availableOut = static_cast<uint32_t>(room->size());
    const int result = isal_.inflate(state_.get());
    *input = input->last(state_->availableIn);
    *room = room->last(state_->availableOut);
    *ended = state_->phase == kIsalFinished;
    return result >= 0 ? Status() : fail(Code::kCompression, std::string("gzip: ") + reasonOf(result));
  }

  void reset() override {
    isal_.reset(state_.get());
    state_->checksumKind = kIsalGzipBody;
    header_ = {};
  }

 private:
  const IsalLibrary& isal_;
  std::unique_ptr<IsalState> state_;
  GzipHeader header_;
};

}  // namespace

std::unique_ptr<Inflater> makeIsalInflater() {
  const IsalLibrary* isal = isalLibrary();
  if (isal == nullptr) return nullptr;
  return std::make_unique<IsalInflater>(*isal);
}

}  // namespace tinyd::unpack
