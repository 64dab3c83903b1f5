// Gives changed gzip streams, in pieces, to both inflaters. What zlib takes, ISA-L must take for the same
// bytes; of what zlib refuses it takes a little (incomplete sets of distance codes). Neither may write beyond
// its room.
//
//     inflate_fuzz SECONDS SEED STREAM...
//
// The streams are where it starts from.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "mutate.h"
#include "unpack/inflater.h"

using namespace tinyd;
using namespace tinyd::unpack;

namespace {

/** Gathers what is decoded, in buffers of odd sizes. */
class Gathered : public ByteSink {
 public:
  explicit Gathered(size_t room) : room_(room), buffer_(room + kGuard, kCanary) {}
  Status space(std::span<uint8_t>* room) override {
    *room = {buffer_.data() + used_, room_ - used_};
    return {};
  }
  void filled(size_t count) override {
    bytes.insert(bytes.end(), buffer_.begin() + static_cast<ptrdiff_t>(used_),
                 buffer_.begin() + static_cast<ptrdiff_t>(used_ + count));
    used_ += count;
    if (used_ == room_) used_ = 0;
    for (size_t i = room_; i < buffer_.size(); i++) {
      if (buffer_[i] != kCanary) abort();
    }
  }
  std::vector<uint8_t> bytes;

 private:
  static constexpr size_t kGuard = 512;
  static constexpr uint8_t kCanary = 0xa5;
  const size_t room_;
  std::vector<uint8_t> buffer_;
  size_t used_ = 0;
};

struct Decoded {
  bool ok;
  std::vector<uint8_t> bytes;
};

Decoded decode(std::unique_ptr<Inflater> inflater, const Archive& stream, size_t piece, size_t room) {
  const auto decoder = makeGzipDecoder(std::move(inflater));
  Gathered sink(room);
  bool ok = true;
  // A bomb is stopped by the writer's limit; here by this one.
  for (size_t at = 0; ok && at < stream.size() && sink.bytes.size() < (8u << 20); at += piece) {
    ok = decoder->decode({stream.data() + at, std::min(piece, stream.size() - at)}, sink).ok();
  }
  ok = ok && decoder->finish().ok();
  return {ok, std::move(sink.bytes)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const double seconds = atof(argv[1]);
  Mutator mutator(strtoull(argv[2], nullptr, 10));
  std::vector<Archive> corpus;
  for (int i = 3; i < argc; i++) {
    std::ifstream file(argv[i], std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (makeIsalInflater() == nullptr) {
    puts("libisal.so.2 is not installed: there is but one inflater");
    return 0;
  }
  uint64_t runs = 0, good = 0;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
    const Archive stream = runs < corpus.size() ? corpus[runs] : mutator.next(corpus);
    const size_t piece = 1 + mutator.below(runs % 2 == 0 ? 20 : 5000), room = 1 + mutator.below(3000);
    const Decoded one = decode(makeZlibInflater(), stream, piece, room);
    const Decoded other = decode(makeIsalInflater(), stream, piece, room);
    if (one.ok && (!other.ok || one.bytes != other.bytes)) {
      fprintf(stderr, "run %llu: zlib %d with %zu bytes, ISA-L %d with %zu bytes\n",
              static_cast<unsigned long long>(runs), one.ok, one.bytes.size(), other.ok, other.bytes.size());
      if (const char* path = getenv("TINYD_FUZZ_LAST")) {
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(stream.data()), static_cast<std::streamsize>(stream.size()));
      }
      abort();
    }
    good += one.ok;
    runs++;
  }
  printf("%llu streams, %llu of them valid, and the same by both inflaters\n",
         static_cast<unsigned long long>(runs), static_cast<unsigned long long>(good));
  return 0;
}
