#pragma once
#include <memory>

#include "sys/fd.h"
#include "unpack/layer_records.h"
#include "unpack/status.h"

namespace tinyd::unpack {

/** A name in an open folder of the layer. */
struct Place {
  std::shared_ptr<const Fd> directory;
  /** Path of the folder, free of symbolic links. */
  std::string directoryPath;
  std::string name;

  int fd() const {
    return directory->get();
  }
  std::string path() const;
};

/**
 * The layer's folder on disk, reached through descriptors only.
 *
 * A path is resolved as by a process whose root is the layer's folder: symbolic links that the layer itself
 * holds are followed, and can lead nowhere outside. No component is looked up twice.
 */
class LayerTree {
 public:
  /** Works below `root`, a folder that the caller keeps open. */
  LayerTree(int root, LayerRecords& records) : root_(root), records_(records) {}

  /** Finds the folder that `path` lies in; folders on the way that are missing are made and recorded as
   * implied. */
  Status makePlace(const std::string& path, Place* place);

  /** Finds the folder that `path` lies in, making nothing. */
  Status findPlace(const std::string& path, Place* place, bool* found);

  /** Removes whatever stands at a place, with all below it, from disk and from the records. */
  Status vacate(const Place& place);

  /** Opens a folder by a path free of symbolic links, for reading. */
  Status openDirectory(const std::string& path, Fd* fd);

 private:
  struct Walk;
  Status find(const std::string& path, bool make, Place* place, bool* found);
  Status openPlain(const std::string& path, int flags, Fd* fd);
  Status openByComponents(const std::string& path, Fd* fd);
  Status walk(std::string_view path, bool make, Fd* fd, std::string* resolved, bool* found);
  Status step(Walk* walk, const std::string& name, bool make, bool* found);
  Status makeDirectory(Walk* walk, const std::string& name, bool isOpaque);

  int root_;
  LayerRecords& records_;
  /** The folder used last, by the path that was asked for; entries of one folder follow one another. */
  std::string cachedPath_;
  Place cached_;
};

}  // namespace tinyd::unpack
