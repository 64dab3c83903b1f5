#pragma once
#include <cstddef>
#include <cstdint>

namespace tinyd::unpack {

/**
 * The part of ISA-L's `struct inflate_state` that is looked at, at its places in libisal.so.2 (igzip_lib.h
 * of 2.30; the library's name stands for this layout). Trusted only after isalLibrary() has seen it work.
 */
struct IsalState {
  uint8_t* nextOut;
  uint32_t availableOut;
  uint32_t totalOut;
  const uint8_t* nextIn;
  uint64_t bits;
  uint32_t availableIn;
  int32_t bitCount;
  uint8_t codes[21120];
  uint32_t phase;
  uint32_t dictionaryLength;
  uint32_t isLastBlock;
  uint32_t checksumKind;
  uint32_t checksum;
  /** What ISA-L keeps to itself (66 kB), and as much again. */
  uint8_t rest[2 * 66 * 1024];
};
static_assert(offsetof(IsalState, phase) == 21160 && offsetof(IsalState, checksumKind) == 21172);

/** ISAL_BLOCK_FINISH: all of the member has been decoded and given out. */
constexpr uint32_t kIsalFinished = 5;
/** ISAL_GZIP_NO_HDR_VER: what follows a gzip header, of which the trailer is checked. */
constexpr uint32_t kIsalGzipBody = 6;

/** ISA-L's decoder, bound at run time. */
struct IsalLibrary {
  void (*init)(IsalState* state);
  void (*reset)(IsalState* state);
  int (*inflate)(IsalState* state);
};

/** libisal.so.2, loaded on first use; nullptr when it is not installed or not what is expected. */
const IsalLibrary* isalLibrary();

}  // namespace tinyd::unpack
