#pragma once
#include <sys/stat.h>

#include <set>

#include "sys/fd.h"
#include "unpack/entry.h"
#include "unpack/overlay_marks.h"

namespace tinyd::unpack {

/** A folder of one layer that is part of a merged folder. */
struct MergedPart {
  size_t layer;
  Fd fd;
};
using MergedFolder = std::vector<MergedPart>;

/** What a path leads to in the merged layers. */
struct MergedFile {
  /** Free of symbolic links but for the last component. */
  std::string path;
  /** The layer that shows; 0 is the nearest. */
  size_t layer = 0;
  /** The folder in that layer that holds it. */
  Fd parent;
  std::string name;
  struct stat info {};
};

/** What merged layers together have under one name of a folder. */
struct MergedChild {
  enum class Kind { kNone, kFolder, kOther } kind = Kind::kNone;
  MergedFolder folder;
  /** kOther: which part of the folder shows it. */
  size_t part = 0;
  struct stat info {};
};

/** Layers as overlayfs would show them, read through descriptors: whiteouts and opaque folders hide what is
 * below. */
class MergedLayers {
 public:
  explicit MergedLayers(OverlayXattr overlay) : overlay_(overlay) {}

  /** Opens the layers' folders, nearest first. */
  Status open(const std::vector<std::string>& folders);

  /**
   * Finds a file as a process in the merged root would, a symbolic link at the end not followed.
   * `found` is false where there is none.
   */
  Status find(const std::string& path, MergedFile* file, bool* found);

  /**
   * The nearest folder at `path` below layer 0, whose own folder of that path must have no links in it.
   * Opaqueness of that one is not regarded: it hides what lower layers have in the folder, not the folder.
   */
  Status findLowerFolder(const std::string& path, Fd* folder, bool* found);

  /** Whether `path`, in a folder of layer 0 that has no links on its way, would show something of a lower
   * layer. */
  Status lowerHas(const std::string& path, bool* has);

  /** Opens a folder by a path without links; no parts where there is none. */
  Status openFolder(const std::string& path, MergedFolder* folder);

  /** The names that the parts of a folder have, hidden ones included. */
  Status listNames(const MergedFolder& folder, const std::string& path, std::set<std::string>* names);

  /** What shows under one name. */
  Status look(const MergedFolder& folder, const std::string& name, bool ignoreNearestOpaque,
              MergedChild* child);

 private:
  Status rootFolder(MergedFolder* folder);

  bool isOpaque(int folder) const;

  OverlayXattr overlay_;
  std::vector<Fd> roots_;
};

/** The extended attributes of a file but overlayfs' own. `handle` is a path below /proc/self/fd. */
Status readXattrs(const std::string& handle, bool follow, std::vector<Xattr>* xattrs);

}  // namespace tinyd::unpack
