#include <zlib.h>

#include "unpack/decoder.h"

namespace tinyd::unpack {

namespace {

/** gzip (RFC 1952): any number of members, then perhaps zero bytes; header and CRC are checked by zlib. */
class GzipDecoder : public Decoder {
 public:
  ~GzipDecoder() override {
    if (started_) inflateEnd(&stream_);
  }

  Status start() {
    constexpr int kGzipOnly = 16;
    started_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
    return started_ ? Status() : fail(Code::kCompression, "gzip: out of memory");
  }

  Status decode(Bytes input, ByteSink& output) override {
    stream_.next_in = const_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    for (;;) {
      if (state_ != State::kInMember) {
        TRY(betweenMembers());
        if (state_ != State::kInMember) return {};
      }
      bool outputFull = false;
      TRY(inflateOnce(output, &outputFull));
      // A full buffer may leave bytes inside zlib even when no input is left.
      if (state_ == State::kInMember && stream_.avail_in == 0 && !outputFull) return {};
    }
  }

  Status finish() override {
    if (state_ == State::kInMember) return fail(Code::kCompression, "gzip: the stream is truncated");
    return {};
  }

 private:
  enum class State { kInMember, kBetweenMembers, kPadding };

  Status inflateOnce(ByteSink& output, bool* outputFull) {
    std::span<uint8_t> room;
    TRY(output.space(&room));
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(room.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    output.filled(room.size() - stream_.avail_out);
    *outputFull = stream_.avail_out == 0;
    if (result == Z_STREAM_END) {
      state_ = State::kBetweenMembers;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      const char* reason = stream_.msg != nullptr ? stream_.msg : zError(result);
      return fail(Code::kCompression, std::string("gzip: ") + reason);
    }
    return {};
  }

  /** After a member comes another one, or zero bytes up to the end of the blob. */
  Status betweenMembers() {
    if (stream_.avail_in == 0) return {};
    if (state_ == State::kBetweenMembers && *stream_.next_in != 0) {
      inflateReset(&stream_);
      state_ = State::kInMember;
      return {};
    }
    state_ = State::kPadding;
    for (; stream_.avail_in > 0; stream_.avail_in--) {
      if (*stream_.next_in++ != 0) return fail(Code::kCompression, "gzip: unknown data after the stream");
    }
    return {};
  }

  z_stream stream_{};
  bool started_ = false;
  State state_ = State::kInMember;
};

}  // namespace

Status makeGzipDecoder(std::unique_ptr<Decoder>* decoder) {
  auto gzip = std::make_unique<GzipDecoder>();
  TRY(gzip->start());
  *decoder = std::move(gzip);
  return {};
}

}  // namespace tinyd::unpack
