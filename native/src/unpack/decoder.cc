#include "unpack/decoder.h"

#include <algorithm>
#include <cstring>

namespace tinyd::unpack {

Compression sniffCompression(Bytes start) {
  if (start.size() >= 2 && start[0] == 0x1f && start[1] == 0x8b) return Compression::kGzip;
  const auto startsWith = [&](std::string_view magic) {
    return start.size() >= magic.size() && memcmp(start.data(), magic.data(), magic.size()) == 0;
  };
  if (startsWith(std::string_view("\xfd"
                                  "7zXZ\0",
                                  6)))
    return Compression::kXz;
  // "BZh9" alone could begin the name of a tar's first member; the first block's magic number follows it.
  if (startsWith("BZh") && start.size() >= 6 && start[4] == 0x31 && start[5] == 0x41)
    return Compression::kBzip2;
  if (start.size() < 4) return Compression::kNone;
  if (start[0] == 0x28 && start[1] == 0xb5 && start[2] == 0x2f && start[3] == 0xfd) return Compression::kZstd;
  // A skippable frame (RFC 8878, 3.1.2) may come first, as in zstd:chunked layers.
  const bool isSkippable =
      (start[0] & 0xf0) == 0x50 && start[1] == 0x2a && start[2] == 0x4d && start[3] == 0x18;
  return isSkippable ? Compression::kZstd : Compression::kNone;
}

const char* compressionName(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kXz:
      return "xz";
    case Compression::kBzip2:
      return "bzip2";
    case Compression::kNone:
      break;
  }
  return "none";
}

namespace {

class PlainDecoder : public Decoder {
 public:
  Status decode(Bytes input, ByteSink& output) override {
    while (!input.empty()) {
      std::span<uint8_t> room;
      TRY(output.space(&room));
      const size_t count = std::min(room.size(), input.size());
      memcpy(room.data(), input.data(), count);
      output.filled(count);
      input = input.subspan(count);
    }
    return {};
  }
  Status finish() override {
    return {};
  }
};

}  // namespace

Status makeDecoder(Compression compression, std::unique_ptr<Decoder>* decoder) {
  if (compression == Compression::kGzip) return makeGzipDecoder(decoder);
  if (compression == Compression::kZstd) return makeZstdDecoder(decoder);
  if (compression != Compression::kNone) {
    const std::string name = compressionName(compression);
    return fail(Code::kCompression, "the layer is compressed with " + name + ", which is not supported");
  }
  *decoder = std::make_unique<PlainDecoder>();
  return {};
}

}  // namespace tinyd::unpack
