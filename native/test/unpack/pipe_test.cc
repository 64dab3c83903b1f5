// Runs the two-thread engine with blobs that grow, break off, and are aborted. For ASan and TSan builds.
// pipe_test BLOB SIZE BLOB-DIGEST DIFF-ID ROUNDS
#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "../../helper/remove_tree.h"
#include "unpack/layer_unpack.h"

using namespace tinyd;
using namespace tinyd::unpack;

namespace {

struct Ending {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;

  void set() {
    std::lock_guard lock(mutex);
    ended = true;
    changed.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ended; });
  }
};

int fail(const char* what, Status& status) {
  const char* code = status.ok() ? "success" : codeName(status.failure().code);
  fprintf(stderr, "%s: %s %s\n", what, code, status.ok() ? "" : status.failure().message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const uint64_t size = strtoull(argv[2], nullptr, 10);
  Fd blob(open(argv[1], O_RDONLY | O_CLOEXEC));
  std::mt19937 random(7);
  for (int round = 0; round < atoi(argv[5]); round++) {
    char root[] = "/dev/shm/tinyd-pipe-XXXXXX";
    if (mkdtemp(root) == nullptr) return 2;
    LayerOptions options{blob.get(), size, argv[3], argv[4], root};
    if (round % 4 == 2) options.diffId = argv[3];
    LayerUnpack unpack(options);
    Ending ending;
    Status started = unpack.start([&] { ending.set(); });
    if (!started.ok()) return fail("start", started);
    const bool isAborted = round % 4 == 1;
    for (uint64_t at = 0; at < size;) {
      at += 1 + random() % (size / 8);
      unpack.advance(at > size ? size : at);
      if (unpack.consumed() > size) return 3;
      if (isAborted && random() % 8 == 0) break;
      if (random() % 2 == 0) usleep(200);
    }
    if (isAborted) unpack.abort();
    // What follows must do no harm whichever thread has come how far.
    if (round % 4 == 3) unpack.advance(size + 1);
    ending.wait();
    unpack.join();
    const bool succeeded = unpack.status().ok();
    const bool mayFail = round % 4 != 0;
    remove_tree(AT_FDCWD, root);
    if (!succeeded && !mayFail) return fail("unpack", unpack.status());
    if (succeeded && round % 4 == 2) return fail("wrong diff ID", unpack.status());
  }
  printf("%s rounds\n", argv[5]);
  return 0;
}
