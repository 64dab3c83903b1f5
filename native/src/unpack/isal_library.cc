#include "unpack/isal_library.h"

#include <dlfcn.h>

#include <cstring>
#include <memory>

namespace tinyd::unpack {

namespace {

constexpr char kText[] = "tinyd tinyd tinyd tinyd\n";
/** The text as a gzip member (`gzip -9n`), and one byte that does not belong to it. */
constexpr uint8_t kSample[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                               0x2b, 0xc9, 0xcc, 0xab, 0x4c, 0x51, 0x28, 0x41, 0x27, 0xb9,
                               0x00, 0x84, 0xa4, 0x32, 0x53, 0x18, 0x00, 0x00, 0x00, 0x1f};

/** Decodes a sample in two steps, so that a library of another layout is noticed before it gets anything
 * else. */
bool works(const IsalLibrary& isal) {
  const auto state = std::make_unique<IsalState>();
  constexpr uint32_t kLength = sizeof kText - 1, kFirst = 10, kHeader = 10;
  uint8_t text[kLength + 1] = {};
  isal.init(state.get());
  state->checksumKind = kIsalGzipBody;
  state->nextIn = kSample + kHeader;
  state->availableIn = sizeof kSample - kHeader;
  state->nextOut = text;
  state->availableOut = kFirst;
  if (isal.inflate(state.get()) != 0 || state->availableOut != 0 || state->phase == kIsalFinished)
    return false;
  state->availableOut = sizeof text - kFirst;
  return isal.inflate(state.get()) == 0 && state->phase == kIsalFinished && state->availableIn == 1 &&
         state->availableOut == 1 && state->totalOut == kLength && state->nextOut == text + kLength &&
         state->nextIn == kSample + sizeof kSample - 1 && memcmp(text, kText, kLength) == 0;
}

template <typename Function>
bool bind(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

const IsalLibrary* load() {
  void* library = dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  static IsalLibrary functions;
  const bool complete = bind(library, "isal_inflate_init", &functions.init) &&
                        bind(library, "isal_inflate_reset", &functions.reset) &&
                        bind(library, "isal_inflate", &functions.inflate);
  return complete && works(functions) ? &functions : nullptr;
}

}  // namespace

const IsalLibrary* isalLibrary() {
  static const IsalLibrary* const library = load();
  return library;
}

}  // namespace tinyd::unpack
