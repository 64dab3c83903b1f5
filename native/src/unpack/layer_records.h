#pragma once
#include <map>
#include <set>

#include "unpack/entry.h"

namespace tinyd::unpack {

/** What a folder of the layer is to become once everything in it is written. */
struct DirectoryRecord {
  /** Entries below it imply it; it has no metadata of its own. */
  bool isImplied = true;
  /** Hides all that lower layers have in it. */
  bool isOpaque = false;
  uint32_t mode = 0755;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<timespec> mtime;
  std::optional<timespec> atime;
  std::vector<Xattr> xattrs;
};

/** A hard link to something that this layer does not have. */
struct PendingLink {
  /** Position in the archive; one pending link may lead to another. */
  size_t order;
  std::string target;
};

/**
 * What must be remembered of a layer until its end, by path. Memory is bounded: an archive of a few megabytes
 * can name millions of folders.
 */
class LayerRecords {
 public:
  static constexpr size_t kMaxBytes = 64 * 1024 * 1024;

  LayerRecords();

  /** The record of a folder, made if need be. */
  Status directory(const std::string& path, DirectoryRecord** record);
  Status addWhiteout(const std::string& path);
  Status addPendingLink(const std::string& path, std::string target);
  /** Counts what a folder's extended attributes take. */
  Status charge(size_t bytes);

  bool isWhiteout(const std::string& path) const {
    return !whiteouts_.empty() && whiteouts_.contains(path);
  }
  bool isPendingLink(const std::string& path) const {
    return !pendingLinks_.empty() && pendingLinks_.contains(path);
  }
  /** True when the folder itself, or one that it lies in, is opaque. */
  bool isBelowOpaque(std::string_view directory) const;
  /** Drops all that is known of a path and of what lies below it. */
  void forget(const std::string& path);

  const std::map<std::string, DirectoryRecord>& directories() const {
    return directories_;
  }
  const std::set<std::string>& whiteouts() const {
    return whiteouts_;
  }
  const std::map<std::string, PendingLink>& pendingLinks() const {
    return pendingLinks_;
  }

 private:
  std::map<std::string, DirectoryRecord> directories_;
  std::set<std::string> whiteouts_;
  std::map<std::string, PendingLink> pendingLinks_;
  size_t linksSeen_ = 0;
  size_t bytes_ = 0;
};

}  // namespace tinyd::unpack
