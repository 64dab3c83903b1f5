#include <zlib.h>

#include "unpack/inflater.h"

namespace tinyd::unpack {

namespace {

class ZlibInflater : public Inflater {
 public:
  ~ZlibInflater() override {
    if (started_) inflateEnd(&stream_);
  }

  bool start() {
    constexpr int kGzipOnly = 16;
    started_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
    return started_;
  }

  Status inflate(Bytes* input, std::span<uint8_t>* room, bool* ended) override {
    stream_.next_in = const_cast<Bytef*>(input->data());
    stream_.avail_in = static_cast<uInt>(input->size());
    stream_.next_out = room->data();
    stream_.avail_out = static_cast<uInt>(room->size());
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    *input = input->last(stream_.avail_in);
    *room = room->last(stream_.avail_out);
    *ended = result == Z_STREAM_END;
    if (*ended || result == Z_OK || result == Z_BUF_ERROR) return {};
    const char* reason = stream_.msg != nullptr ? stream_.msg : zError(result);
    return fail(Code::kCompression, std::string("gzip: ") + reason);
  }

  void reset() override {
    inflateReset(&stream_);
  }

 private:
  z_stream stream_{};
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Inflater> makeZlibInflater() {
  auto inflater = std::make_unique<ZlibInflater>();
  if (!inflater->start()) return nullptr;
  return inflater;
}

}  // namespace tinyd::unpack
