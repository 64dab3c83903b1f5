#include "unpack/decoder.h"
#include "unpack/inflater.h"

namespace tinyd::unpack {

namespace {

/** gzip (RFC 1952): any number of members, then perhaps zero bytes. */
class GzipDecoder : public Decoder {
 public:
  explicit GzipDecoder(std::unique_ptr<Inflater> inflater) : inflater_(std::move(inflater)) {}

  Status decode(Bytes input, ByteSink& output) override {
    for (;;) {
      if (state_ != State::kInMember) {
        TRY(betweenMembers(&input));
        if (state_ != State::kInMember) return {};
      }
      std::span<uint8_t> room;
      TRY(output.space(&room));
      const size_t before = room.size();
      bool ended = false;
      TRY(inflater_->inflate(&input, &room, &ended));
      output.filled(before - room.size());
      if (ended) state_ = State::kBetweenMembers;
      // A full buffer may leave bytes inside the inflater even when no input is left.
      if (state_ == State::kInMember && input.empty() && !room.empty()) return {};
    }
  }

  Status finish() override {
    if (state_ == State::kInMember) return fail(Code::kCompression, "gzip: the stream is truncated");
    return {};
  }

 private:
  enum class State { kInMember, kBetweenMembers, kPadding };

  /** After a member comes another one, or zero bytes up to the end of the blob. */
  Status betweenMembers(Bytes* input) {
    if (input->empty()) return {};
    if (state_ == State::kBetweenMembers && input->front() != 0) {
      inflater_->reset();
      state_ = State::kInMember;
      return {};
    }
    state_ = State::kPadding;
    for (; !input->empty(); *input = input->subspan(1)) {
      if (input->front() != 0) return fail(Code::kCompression, "gzip: unknown data after the stream");
    }
    return {};
  }

  std::unique_ptr<Inflater> inflater_;
  State state_ = State::kInMember;
};

}  // namespace

std::unique_ptr<Decoder> makeGzipDecoder(std::unique_ptr<Inflater> inflater) {
  return std::make_unique<GzipDecoder>(std::move(inflater));
}

Status makeGzipDecoder(std::unique_ptr<Decoder>* decoder) {
  std::unique_ptr<Inflater> inflater = makeIsalInflater();
  if (!inflater) inflater = makeZlibInflater();
  if (!inflater) return fail(Code::kCompression, "gzip: out of memory");
  *decoder = makeGzipDecoder(std::move(inflater));
  return {};
}

}  // namespace tinyd::unpack
