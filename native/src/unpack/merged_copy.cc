#include "unpack/merged_copy.h"

#include <fcntl.h>

#include <map>
#include <memory>
#include <utility>

#include "unpack/copy_up.h"
#include "unpack/layer_path.h"

namespace tinyd::unpack {

namespace {

/** One copy under way. Folders are taken one after the other by path, so that few descriptors are open. */
class Copy {
 public:
  Copy(const MergedCopyOptions& options, MergedLayers& source, int target)
      : overlay_(options.overlay), source_(source), tree_(target, records_) {}

  Status run() {
    folders_.push_back("");
    // Grows on the way; by index, since growing moves the elements.
    for (size_t next = 0; next < folders_.size(); next++) TRY(copyFolder(std::string(folders_[next])));
    // Children first: what is made in a folder changes its times, and its mode may forbid it.
    while (!folders_.empty()) {
      TRY(finishFolder(folders_.back()));
      folders_.pop_back();
    }
    return {};
  }

 private:
  Status copyFolder(const std::string& path) {
    MergedFolder folder;
    TRY(source_.openFolder(path, &folder));
    if (folder.empty()) return {};
    std::set<std::string> names;
    TRY(source_.listNames(folder, path, &names));
    Fd target;
    TRY(tree_.openDirectory(path, &target));
    const auto directory = std::make_shared<const Fd>(std::move(target));
    for (const std::string& name : names) {
      MergedChild child;
      TRY(source_.look(folder, name, false, &child));
      if (child.kind == MergedChild::Kind::kFolder) {
        if (mkdirat(directory->get(), name.c_str(), 0700) == -1)
          return failedCall("mkdirat", join(path, name));
        folders_.push_back(join(path, name));
      } else if (child.kind == MergedChild::Kind::kOther) {
        TRY(copyOther(folder[child.part], child.info, {directory, path, name}));
      }
    }
    return {};
  }

  Status copyOther(const MergedPart& part, const struct stat& info, const Place& place) {
    const bool isShared = S_ISREG(info.st_mode) && info.st_nlink > 1;
    const std::pair<dev_t, ino_t> identity(info.st_dev, info.st_ino);
    if (isShared) {
      const auto first = copied_.find(identity);
      if (first != copied_.end()) return linkTo(first->second, place);
      copied_.emplace(identity, place.path());
    }
    MergedFile file;
    file.path = place.path();
    file.layer = part.layer;
    file.parent = Fd(fcntl(part.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!file.parent.valid()) return failedCall("fcntl", place.path());
    file.name = place.name;
    file.info = info;
    return copyUp(file, place);
  }

  Status linkTo(const std::string& first, const Place& place) {
    Fd folder;
    TRY(tree_.openDirectory(std::string(parentOf(first)), &folder));
    const std::string name(nameOf(first));
    if (linkat(folder.get(), name.c_str(), place.fd(), place.name.c_str(), 0) == -1) {
      return failedCall("linkat", place.path());
    }
    return {};
  }

  /** A folder shows the attributes of its topmost part. */
  Status finishFolder(const std::string& path) {
    MergedFolder source;
    TRY(source_.openFolder(path, &source));
    if (source.empty()) return {};
    Fd target;
    TRY(tree_.openDirectory(path, &target));
    return copyUpFolder(source.front().fd.get(), target.get(), overlay_, path);
  }

  OverlayXattr overlay_;
  MergedLayers& source_;
  LayerRecords records_;
  LayerTree tree_;
  /** Paths of the folders, parents before children. */
  std::vector<std::string> folders_;
  /** Where the first of several names of a file was copied to. */
  std::map<std::pair<dev_t, ino_t>, std::string> copied_;
};

}  // namespace

Status copyMergedFolder(const MergedCopyOptions& options) {
  MergedLayers source(options.overlay);
  TRY(source.open(options.folders));
  const Fd target(open(options.targetDir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!target.valid()) return failedCall("open", options.targetDir);
  return Copy(options, source, target.get()).run();
}

}  // namespace tinyd::unpack
