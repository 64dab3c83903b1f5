#pragma once
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "unpack/byte_source.h"

namespace tinyd::unpack {

enum class EntryType { kFile, kDirectory, kSymlink, kHardLink, kCharDevice, kBlockDevice, kFifo };

/** An extended attribute, byte-exact. */
struct Xattr {
  std::string name;
  std::string value;
};

/** One member of a tar archive, all its headers merged. */
struct Entry {
  EntryType type = EntryType::kFile;
  /** As in the archive: not normalised, never with a NUL. */
  std::string path;
  /** Target of a symbolic or hard link. */
  std::string link;
  /** Length of the file once unpacked, holes included. */
  uint64_t size = 0;
  /** Permission bits with suid, sgid and sticky. */
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  timespec mtime{};
  std::optional<timespec> atime;
  uint64_t deviceMajor = 0;
  uint64_t deviceMinor = 0;
  std::vector<Xattr> xattrs;
};

}  // namespace tinyd::unpack
