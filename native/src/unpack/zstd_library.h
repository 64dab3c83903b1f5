#pragma once
#include <cstddef>

namespace tinyd::unpack {

/** Buffers as libzstd's streaming functions take them (zstd.h, stable since 1.4). */
struct ZstdInput {
  const void* data;
  size_t size;
  size_t position;
};
struct ZstdOutput {
  void* data;
  size_t size;
  size_t position;
};

/** The part of libzstd that is needed, bound at run time: Node 20 brings no zstd. */
struct ZstdLibrary {
  void* (*createContext)();
  size_t (*freeContext)(void* context);
  size_t (*setParameter)(void* context, int parameter, int value);
  size_t (*decompress)(void* context, ZstdOutput* output, ZstdInput* input);
  unsigned (*isError)(size_t result);
  const char* (*errorName)(size_t result);
};

/** ZSTD_d_windowLogMax of ZSTD_dParameter. */
constexpr int kZstdWindowLogMax = 100;

/** libzstd.so.1, loaded on first use; nullptr when it is not installed. */
const ZstdLibrary* zstdLibrary();

}  // namespace tinyd::unpack
