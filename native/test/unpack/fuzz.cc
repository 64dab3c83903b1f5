// Feeds changed archives to the tar reader, or (with --layer) to the whole writer.
// fuzz [--layer] SECONDS SEED ARCHIVE... ; the archives are where it starts from. A crash or a broken promise
// aborts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "../../helper/remove_tree.h"
#include "memory_source.h"
#include "mutate.h"
#include "unpack/layer_path.h"
#include "unpack/layer_writer.h"

using namespace tinyd;
using namespace tinyd::unpack;

namespace {

void require(bool condition, const char* promise) {
  if (condition) return;
  fprintf(stderr, "broken promise: %s\n", promise);
  abort();
}

/** Reads all members; checks what the writer relies on. */
bool readArchive(const Archive& archive, size_t window) {
  MemorySource source({archive.data(), archive.size()}, window);
  TarReader reader(source);
  uint64_t total = 0;
  for (;;) {
    Entry entry;
    bool found = false;
    if (!reader.next(&entry, &found).ok()) return false;
    if (!found) return true;
    require(!entry.path.empty() && entry.path.find('\0') == std::string::npos,
            "names are not empty, without NUL");
    require(entry.link.find('\0') == std::string::npos, "link targets are without NUL");
    require(entry.uid != UINT32_MAX && entry.gid != UINT32_MAX, "owners are real IDs");
    require(entry.mtime.tv_nsec >= 0 && entry.mtime.tv_nsec < 1'000'000'000,
            "nanoseconds are below a second");
    std::string path, target;
    NameKind kind;
    if (normalise(entry.path, &path).ok()) {
      require(("/" + path + "/").find("/../") == std::string::npos, "normal paths have no dots");
      if (!classify(path, &kind, &target).ok()) return false;
    }
    for (uint64_t end = 0;;) {
      uint64_t offset = 0;
      Bytes data;
      if (!reader.read(&offset, &data).ok()) return false;
      if (data.empty()) break;
      require(offset >= end && offset + data.size() <= entry.size, "data is in order and inside of the file");
      end = offset + data.size();
      total += data.size();
      require(total <= archive.size(), "there is no more data than the archive has");
    }
  }
}

/** Unpacks into a folder beside a canary, which must stay empty. */
bool writeArchive(const Archive& archive, const std::string& root) {
  const std::string layer = root + "/layer";
  require(mkdir(layer.c_str(), 0700) == 0, "the folder can be made");
  Fd fd(open(layer.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  MemorySource source({archive.data(), archive.size()}, 4096);
  TarReader reader(source);
  LayerWriter writer(fd.get(), OverlayXattr::kTrusted, 1 << 20);
  const auto unpackAll = [&]() -> Status {
    for (bool found = true; found;) {
      Entry entry;
      TRY(reader.next(&entry, &found));
      if (found) TRY(writer.add(entry, reader));
    }
    LayerSummary summary;
    return writer.finish(&summary);
  };
  const bool unpacked = unpackAll().ok();
  struct stat info;
  require(rmdir((root + "/etc").c_str()) == 0 && mkdir((root + "/etc").c_str(), 0700) == 0,
          "the canary is empty");
  require(lstat(layer.c_str(), &info) == 0 && S_ISDIR(info.st_mode), "the root stays a folder");
  require(remove_tree(AT_FDCWD, layer.c_str()) == 0, "the folder can be removed");
  return unpacked;
}

}  // namespace

int main(int argc, char** argv) {
  const bool isLayer = argc > 1 && strcmp(argv[1], "--layer") == 0;
  const int first = isLayer ? 2 : 1;
  if (argc < first + 3) return 2;
  const double seconds = atof(argv[first]);
  const uint64_t seed = strtoull(argv[first + 1], nullptr, 10);
  std::vector<Archive> corpus;
  for (int i = first + 2; i < argc; i++) {
    std::ifstream file(argv[i], std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  char root[] = "/dev/shm/tinyd-fuzz-XXXXXX";
  require(mkdtemp(root) != nullptr && mkdir((std::string(root) + "/etc").c_str(), 0700) == 0,
          "there is a folder");

  Mutator mutator(seed);
  uint64_t runs = 0, good = 0;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
    const Archive archive = mutator.next(corpus);
    // The last input can be had after a crash.
    if (getenv("TINYD_FUZZ_LAST") != nullptr) {
      std::ofstream(getenv("TINYD_FUZZ_LAST"), std::ios::binary)
          .write(reinterpret_cast<const char*>(archive.data()), static_cast<std::streamsize>(archive.size()));
    }
    good += isLayer ? writeArchive(archive, root) : readArchive(archive, 1 + mutator.below(2000));
    runs++;
  }
  remove_tree(AT_FDCWD, root);
  printf("seed %llu: %llu archives, %llu of them valid\n", static_cast<unsigned long long>(seed),
         static_cast<unsigned long long>(runs), static_cast<unsigned long long>(good));
  return 0;
}
