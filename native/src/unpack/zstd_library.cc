#include "unpack/zstd_library.h"

#include <dlfcn.h>

namespace tinyd::unpack {

namespace {

template <typename Function>
bool bind(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

const ZstdLibrary* load() {
  void* library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  static ZstdLibrary functions;
  const bool complete = bind(library, "ZSTD_createDCtx", &functions.createContext) &&
                        bind(library, "ZSTD_freeDCtx", &functions.freeContext) &&
                        bind(library, "ZSTD_DCtx_setParameter", &functions.setParameter) &&
                        bind(library, "ZSTD_decompressStream", &functions.decompress) &&
                        bind(library, "ZSTD_isError", &functions.isError) &&
                        bind(library, "ZSTD_getErrorName", &functions.errorName);
  return complete ? &functions : nullptr;
}

}  // namespace

const ZstdLibrary* zstdLibrary() {
  static const ZstdLibrary* const library = load();
  return library;
}

}  // namespace tinyd::unpack
