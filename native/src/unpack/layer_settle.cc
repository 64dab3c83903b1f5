#include "unpack/layer_settle.h"

#include <fcntl.h>

#include <array>

#include "unpack/copy_up.h"
#include "unpack/layer_path.h"
#include "unpack/merged_layers.h"

namespace tinyd::unpack {

namespace {

/** Paths come back from a record on disk: no `..` may have got into them. */
Status checkNormal(const std::string& path) {
  std::string normal;
  TRY(normalise(path, &normal));
  return normal == path ? Status() : fail(Code::kEscape, quoted(path) + " is not a normalised path");
}

/** One settling; its parts share what is open and what has been made on the way. */
class Settlement {
 public:
  explicit Settlement(const SettleOptions& options) : options_(options), layers_(options.overlay) {}

  Status run() {
    root_.reset(open(options_.targetDir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_.valid()) return failedCall("open", options_.targetDir);
    std::vector<std::string> folders = {options_.targetDir};
    folders.insert(folders.end(), options_.lowerDirs.begin(), options_.lowerDirs.end());
    TRY(layers_.open(folders));
    tree_.emplace(root_.get(), records_);
    for (const std::string& path : options_.impliedDirs) TRY(checkNormal(path));
    for (const LayerSummary::Link& link : options_.pendingLinks) {
      TRY(checkNormal(link.path));
      TRY(checkNormal(link.target));
      TRY(settleLink(link));
    }
    for (const std::string& path : options_.whiteouts) {
      TRY(checkNormal(path));
      TRY(settleWhiteout(path));
    }
    TRY(restoreTimes());
    for (const std::string& path : options_.impliedDirs) TRY(settleFolder(path));
    // Folders made on the way to a copied-up target.
    for (const auto& [path, record] : records_.directories()) {
      if (!path.empty()) TRY(settleFolder(path));
    }
    return {};
  }

 private:
  Status settleLink(const LayerSummary::Link& link) {
    MergedFile source;
    bool found = false;
    TRY(layers_.find(link.target, &source, &found));
    if (!found) {
      return fail(Code::kArchive, "hard link " + quoted(link.path) + " points to " + quoted(link.target) +
                                      ", which neither this layer nor those below have");
    }
    if (S_ISDIR(source.info.st_mode)) {
      return fail(Code::kArchive,
                  "hard link " + quoted(link.path) + " points to a folder, " + quoted(link.target));
    }
    saveTimes(link.path);
    saveTimes(source.path);
    Place target, place;
    TRY(tree_->makePlace(source.path, &target));
    if (source.layer > 0) TRY(copyUp(source, target));
    TRY(tree_->makePlace(link.path, &place));
    if (place.path() == target.path()) return {};
    if (linkat(target.fd(), target.name.c_str(), place.fd(), place.name.c_str(), 0) == 0) return {};
    const Status failed = failedCall("linkat", place.path());
    // A settling that was cut short and is done again.
    struct stat ours, theirs;
    const bool isLinked = failed.failure().error == EEXIST &&
                          fstatat(place.fd(), place.name.c_str(), &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
                          fstatat(target.fd(), target.name.c_str(), &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
                          ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
    return isLinked ? Status() : Status(failed.failure());
  }

  Status settleWhiteout(const std::string& path) {
    bool hides = false;
    TRY(layers_.lowerHas(path, &hides));
    if (hides) return {};
    Place place;
    bool found = false;
    TRY(tree_->findPlace(path, &place, &found));
    struct stat info;
    if (!found || fstatat(place.fd(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == -1) return {};
    if (!isWhiteoutNode(info)) return {};
    saveTimes(path);
    return unlinkat(place.fd(), place.name.c_str(), 0) == 0 ? Status() : failedCall("unlinkat", path);
  }

  /** Remembers the times of the folders that a path lies in, before something is made there. */
  void saveTimes(const std::string& path) {
    for (std::string_view folder = path; !folder.empty();) {
      folder = parentOf(folder);
      const std::string name(folder);
      Fd fd;
      struct stat info;
      if (times_.contains(name) || !tree_->openDirectory(name, &fd).ok() || fstat(fd.get(), &info) == -1)
        continue;
      times_[name] = {info.st_atim, info.st_mtim};
    }
  }

  Status restoreTimes() {
    for (const auto& [path, times] : times_) {
      Fd fd;
      TRY(tree_->openDirectory(path, &fd));
      if (futimens(fd.get(), times.data()) == -1) return failedCall("utimensat", path);
    }
    return {};
  }

  Status settleFolder(const std::string& path) {
    Fd source, folder;
    bool found = false;
    TRY(layers_.findLowerFolder(path, &source, &found));
    if (!found) return {};
    TRY(tree_->openDirectory(path, &folder));
    return copyUpFolder(source.get(), folder.get(), options_.overlay, path);
  }

  const SettleOptions& options_;
  Fd root_;
  MergedLayers layers_;
  LayerRecords records_;
  std::optional<LayerTree> tree_;
  std::map<std::string, std::array<timespec, 2>> times_;
};

}  // namespace

Status settleLayer(const SettleOptions& options) {
  return Settlement(options).run();
}

}  // namespace tinyd::unpack
