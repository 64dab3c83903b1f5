#pragma once
#include <optional>
#include <string_view>

#include "unpack/entry.h"
#include "unpack/sparse_map.h"

namespace tinyd::unpack {

/** What an extended header (POSIX.1-2001 pax, type x or g) says of an entry. Absent values leave the
 * header's. */
struct PaxHeader {
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::optional<uint64_t> size;
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  std::optional<timespec> mtime;
  std::optional<timespec> atime;
  std::vector<Xattr> xattrs;

  /** GNU.sparse.*: formats 0.0 and 0.1 carry the map here, 1.0 in front of the data. */
  struct Sparse {
    std::optional<std::string> name;
    std::optional<uint64_t> realSize;
    std::optional<uint64_t> runCount;
    std::optional<uint64_t> pendingOffset;
    std::optional<uint64_t> major;
    std::optional<uint64_t> minor;
    bool hasMap = false;
    SparseMap map;
  };
  std::optional<Sparse> sparse;
};

/** Adds the records of one extended header. Unknown keywords are ignored, as POSIX says. */
Status parsePax(std::string_view records, PaxHeader* header);

}  // namespace tinyd::unpack
