#pragma once
#include "unpack/metadata.h"
#include "unpack/tar_reader.h"

namespace tinyd::unpack {

/** What unpacking found out; paths are normalised. */
struct LayerSummary {
  uint64_t entries = 0;
  uint64_t contentBytes = 0;
  std::vector<std::string> impliedDirs;
  struct Link {
    std::string path;
    std::string target;
  };
  std::vector<Link> pendingLinks;
  std::vector<std::string> whiteouts;
};

/**
 * Writes the members of a layer archive as an overlay lower dir. The last member of a name wins.
 */
class LayerWriter {
 public:
  /** Works below `root`, a folder that the caller keeps open. */
  LayerWriter(int root, OverlayXattr overlay, uint64_t limitBytes)
      : tree_(root, records_), overlay_(overlay), limitBytes_(limitBytes) {}

  Status add(const Entry& entry, TarReader& content);

  /** Counts bytes against the limit; LIMIT when there are more. */
  Status charge(uint64_t bytes);

  /** Gives folders their metadata, now that nothing in them changes any more. */
  Status finish(LayerSummary* summary);

 private:
  Status addMember(const Entry& entry, const std::string& path, TarReader& content);
  Status addWhiteout(const std::string& path);
  Status addOpaque(const std::string& path);
  Status addDirectory(const Entry& entry, const std::string& path);
  Status addFile(const Entry& entry, const Place& place, TarReader& content);
  Status addHardLink(const Entry& entry, const Place& place);
  Status addPendingLink(const Place& place, const std::string& target);
  Status addSymlink(const Entry& entry, const Place& place);
  Status addNode(const Entry& entry, const Place& place);
  Status recordDirectory(const Entry& entry, const std::string& path);
  Status writeContent(int fd, const Entry& entry, const std::string& path, TarReader& content);
  Status dropHiddenWhiteouts();
  template <typename Create>
  Status create(const Place& place, const char* call, Create createIt);

  LayerRecords records_;
  LayerTree tree_;
  OverlayXattr overlay_;
  uint64_t limitBytes_;
  uint64_t chargedBytes_ = 0;
  LayerSummary summary_;
};

}  // namespace tinyd::unpack
