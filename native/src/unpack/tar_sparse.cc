#include <algorithm>

#include "unpack/tar_reader.h"

namespace tinyd::unpack {

namespace {

// GNU tar manual, "Basic Tar Format": struct oldgnu_header and struct sparse_header.
constexpr size_t kInHeader = 386, kPairsInHeader = 4, kHeaderContinues = 482, kRealSize = 483,
                 kRealSizeWidth = 12;
constexpr size_t kPairsInBlock = 21, kBlockContinues = 504;

}  // namespace

/** The old GNU format: the map starts in the header block and goes on in blocks before the data. */
Status TarReader::readGnuSparse(const TarBlock& block, Entry* entry) {
  SparseMap map;
  int64_t realSize = 0;
  if (!tarNumber(block, kRealSize, kRealSizeWidth, &realSize) || realSize < 0) {
    return fail(Code::kArchive, "sparse file: malformed size");
  }
  TRY(map.addGnuPairs(block, kInHeader, kPairsInHeader));
  bool continues = block[kHeaderContinues] != 0;
  // A block may be empty of runs, so the bound on runs alone would not end this.
  for (size_t blocks = 0; continues; blocks++) {
    if (blocks > SparseMap::kMaxRuns / kPairsInBlock) {
      return fail(Code::kLimit, "sparse file: the map is larger than 1 MiB");
    }
    TarBlock more;
    TRY(readWholeBlock(&more));
    TRY(map.addGnuPairs(more, 0, kPairsInBlock));
    continues = more[kBlockContinues] != 0;
  }
  entry->size = static_cast<uint64_t>(realSize);
  TRY(map.check(entry->size, stored_));
  runs_ = map.runs();
  return {};
}

/** The three formats in pax headers; 1.0 keeps the map in front of the data, as lines of decimal numbers. */
Status TarReader::readPaxSparse(PaxHeader::Sparse& sparse, Entry* entry) {
  const bool isInData = sparse.major || sparse.minor;
  if (isInData && (sparse.major != 1u || sparse.minor != 0u || sparse.hasMap)) {
    return fail(Code::kArchive, "sparse file: unknown version of the GNU sparse format");
  }
  const bool hasMap = isInData || sparse.hasMap;
  if (!sparse.realSize || !hasMap || sparse.pendingOffset)
    return fail(Code::kArchive, "sparse file: incomplete header");
  if (sparse.name) entry->path = *sparse.name;
  if (entry->path.empty() || entry->path.back() == '/') return fail(Code::kArchive, "sparse file: no name");
  if (isInData) {
    TRY(readSparseLines(&sparse.map));
  } else if (sparse.runCount && *sparse.runCount != sparse.map.runs().size()) {
    return fail(Code::kArchive, "sparse file: the map does not have the announced number of runs");
  }
  entry->size = *sparse.realSize;
  TRY(sparse.map.check(entry->size, stored_));
  runs_ = sparse.map.runs();
  return {};
}

Status TarReader::readSparseLines(SparseMap* map) {
  std::string buffer;
  uint64_t count = 0;
  TRY(readSparseNumber(&buffer, &count));
  if (count > SparseMap::kMaxRuns) return fail(Code::kLimit, "sparse file: the map is larger than 1 MiB");
  for (uint64_t i = 0; i < count; i++) {
    uint64_t offset = 0, length = 0;
    TRY(readSparseNumber(&buffer, &offset));
    TRY(readSparseNumber(&buffer, &length));
    TRY(map->add(offset, length));
  }
  return {};
}

/** Takes one line off `buffer`, which is filled by whole blocks of the member's data. */
Status TarReader::readSparseNumber(std::string* buffer, uint64_t* number) {
  constexpr size_t kLongestLine = 20;
  size_t end = buffer->find('\n');
  if (end == std::string::npos) {
    if (buffer->size() > kLongestLine) return fail(Code::kArchive, "sparse file: malformed map");
    if (stored_ < kTarBlock) return fail(Code::kArchive, "sparse file: the map is longer than the member");
    TarBlock block;
    TRY(readWholeBlock(&block));
    stored_ -= kTarBlock;
    buffer->append(reinterpret_cast<const char*>(block.data()), block.size());
    end = buffer->find('\n');
  }
  if (end == std::string::npos || !parseDecimal(std::string_view(*buffer).substr(0, end), number)) {
    return fail(Code::kArchive, "sparse file: malformed map");
  }
  buffer->erase(0, end + 1);
  return {};
}

}  // namespace tinyd::unpack
