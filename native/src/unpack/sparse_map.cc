#include "unpack/sparse_map.h"

#include <charconv>

namespace tinyd::unpack {

bool parseDecimal(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && *value <= INT64_MAX;
}

Status SparseMap::add(uint64_t offset, uint64_t length) {
  if (offset > INT64_MAX || length > INT64_MAX - offset) {
    return fail(Code::kArchive, "sparse file: a run lies beyond the largest file size");
  }
  if (offset < end_) return fail(Code::kArchive, "sparse file: runs overlap or are out of order");
  if (runs_.size() == kMaxRuns) return fail(Code::kLimit, "sparse file: the map is larger than 1 MiB");
  end_ = offset + length;
  total_ += length;
  runs_.push_back({offset, length});
  return {};
}

Status SparseMap::addGnuPairs(const TarBlock& block, size_t offset, size_t count) {
  constexpr size_t kWidth = 12;
  for (size_t i = 0; i < count; i++) {
    const size_t at = offset + i * 2 * kWidth;
    if (block[at] == 0 && block[at + kWidth] == 0) return {};
    int64_t start = 0, length = 0;
    if (!tarNumber(block, at, kWidth, &start) || !tarNumber(block, at + kWidth, kWidth, &length) ||
        start < 0 || length < 0) {
      return fail(Code::kArchive, "sparse file: malformed map");
    }
    TRY(add(static_cast<uint64_t>(start), static_cast<uint64_t>(length)));
  }
  return {};
}

Status SparseMap::addCommaList(std::string_view list) {
  uint64_t numbers[2];
  size_t have = 0;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (!parseDecimal(list.substr(0, comma), &numbers[have++])) break;
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (have == 2) {
      TRY(add(numbers[0], numbers[1]));
      have = 0;
    }
  }
  return have == 0 ? Status() : fail(Code::kArchive, "sparse file: malformed GNU.sparse.map");
}

Status SparseMap::check(uint64_t fileSize, uint64_t storedBytes) const {
  if (end_ > fileSize) return fail(Code::kArchive, "sparse file: the map exceeds the file's size");
  if (total_ != storedBytes)
    return fail(Code::kArchive, "sparse file: the map does not match the stored data");
  return {};
}

}  // namespace tinyd::unpack
