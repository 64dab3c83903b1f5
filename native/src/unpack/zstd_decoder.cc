#include "unpack/decoder.h"
#include "unpack/zstd_library.h"

namespace tinyd::unpack {

namespace {

/** zstd (RFC 8878): any number of frames, skippable ones among them. */
class ZstdDecoder : public Decoder {
 public:
  explicit ZstdDecoder(const ZstdLibrary& zstd) : zstd_(zstd), context_(zstd.createContext()) {}
  ~ZstdDecoder() override {
    zstd_.freeContext(context_);
  }

  Status start() {
    // The frame header dictates the memory for the window; 128 MiB is what `zstd -d` accepts, too.
    constexpr int kWindowLog = 27;
    if (context_ == nullptr) return fail(Code::kCompression, "zstd: out of memory");
    return check(zstd_.setParameter(context_, kZstdWindowLogMax, kWindowLog));
  }

  Status decode(Bytes data, ByteSink& output) override {
    ZstdInput input{data.data(), data.size(), 0};
    bool outputFull = false;
    while (input.position < input.size || outputFull) {
      std::span<uint8_t> room;
      TRY(output.space(&room));
      ZstdOutput buffer{room.data(), room.size(), 0};
      const size_t before = input.position;
      const size_t result = zstd_.decompress(context_, &buffer, &input);
      TRY(check(result));
      output.filled(buffer.position);
      outputFull = buffer.position == buffer.size;
      // Asked without input right after a frame's end, libzstd reports the wish for a next frame: no news.
      if (input.position > before || buffer.position > 0) insideFrame_ = result != 0;
    }
    return {};
  }

  Status finish() override {
    return insideFrame_ ? fail(Code::kCompression, "zstd: the stream is truncated") : Status();
  }

 private:
  Status check(size_t result) {
    if (!zstd_.isError(result)) return {};
    return fail(Code::kCompression, std::string("zstd: ") + zstd_.errorName(result));
  }

  const ZstdLibrary& zstd_;
  void* context_;
  bool insideFrame_ = true;
};

}  // namespace

Status makeZstdDecoder(std::unique_ptr<Decoder>* decoder) {
  const ZstdLibrary* zstd = zstdLibrary();
  if (zstd == nullptr) {
    return fail(Code::kCompression,
                "the layer is compressed with zstd and libzstd.so.1 is not there: install libzstd");
  }
  auto made = std::make_unique<ZstdDecoder>(*zstd);
  TRY(made->start());
  *decoder = std::move(made);
  return {};
}

}  // namespace tinyd::unpack
