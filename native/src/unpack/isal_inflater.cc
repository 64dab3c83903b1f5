#include <algorithm>

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
    case -4:
      return "incorrect header check";
    case -5:
      return "unknown compression method";
    case -6:
      return "incorrect data check";
    default:
      return "invalid data";
  }
}

class IsalInflater : public Inflater {
 public:
  explicit IsalInflater(const IsalLibrary& isal) : isal_(isal), state_(std::make_unique<IsalState>()) {
    isal_.init(state_.get());
    state_->checksumKind = kIsalGzip;
  }

  Status inflate(Bytes* input, std::span<uint8_t>* room, bool* ended) override {
    TRY(checkFlags(*input));
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
    state_->checksumKind = kIsalGzip;
    headerBytes_ = 0;
  }

 private:
  /** ISA-L ignores the reserved flags, which must be refused (RFC 1952, 2.3.1.2): the fourth byte of the
   * header. */
  Status checkFlags(Bytes input) {
    constexpr size_t kFlags = 3;
    constexpr uint8_t kReserved = 0xe0;
    const bool isHere = headerBytes_ <= kFlags && kFlags - headerBytes_ < input.size();
    if (isHere && (input[kFlags - headerBytes_] & kReserved) != 0)
      return fail(Code::kCompression, "gzip: unknown header flags set");
    if (headerBytes_ <= kFlags) headerBytes_ += std::min(input.size(), kFlags + 1);
    return {};
  }

  const IsalLibrary& isal_;
  std::unique_ptr<IsalState> state_;
  size_t headerBytes_ = 0;
};

}  // namespace

std::unique_ptr<Inflater> makeIsalInflater() {
  const IsalLibrary* isal = isalLibrary();
  if (isal == nullptr) return nullptr;
  return std::make_unique<IsalInflater>(*isal);
}

}  // namespace tinyd::unpack
