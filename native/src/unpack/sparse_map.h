#pragma once
#include <string_view>
#include <vector>

#include "unpack/tar_header.h"

namespace tinyd::unpack {

/** A run of data in a sparse file. */
struct SparseRun {
  uint64_t offset;
  uint64_t length;
};

/** Where the data of a sparse file lies (GNU tar manual, "Storing Sparse Files"). */
class SparseMap {
 public:
  /** Bounds the memory that a hostile map can claim to 1 MiB. */
  static constexpr size_t kMaxRuns = 1024 * 1024 / sizeof(SparseRun);

  /** Adds a run; runs must be in order and must not overlap. */
  Status add(uint64_t offset, uint64_t length);
  /** Adds the runs of the old GNU format in `block`: `count` pairs from `offset`. Stops at an empty pair. */
  Status addGnuPairs(const TarBlock& block, size_t offset, size_t count);
  /** Adds the runs of GNU.sparse.map: `offset,length,offset,length`. */
  Status addCommaList(std::string_view list);
  /** Fails unless the runs fit the file and add up to the data that the archive stores. */
  Status check(uint64_t fileSize, uint64_t storedBytes) const;

  const std::vector<SparseRun>& runs() const {
    return runs_;
  }

 private:
  std::vector<SparseRun> runs_;
  uint64_t end_ = 0;
  uint64_t total_ = 0;
};

/** A decimal number without sign that fits 63 bits. */
bool parseDecimal(std::string_view text, uint64_t* value);

}  // namespace tinyd::unpack
