#include "unpack/layer_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../helper/remove_tree.h"
#include "sys/result.h"
#include "unpack/layer_path.h"
#include "unpack/overlay_marks.h"
#include "unpack/path_walk.h"

namespace tinyd::unpack {

namespace {

long openBeneath(int root, const char* path, int flags) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return retryInterrupted([&] { return syscall(SYS_openat2, root, path, &how, sizeof how); });
}

}  // namespace

/** Where a walk stands, and what is still to come. */
struct LayerTree::Walk {
  explicit Walk(std::string_view path) : rest(path) {}
  PathWalk rest;
  Fd at;
  std::string path;
};

std::string Place::path() const {
  return join(directoryPath, name);
}

Status LayerTree::makePlace(const std::string& path, Place* place) {
  bool found = false;
  return find(path, true, place, &found);
}

Status LayerTree::findPlace(const std::string& path, Place* place, bool* found) {
  return find(path, false, place, found);
}

Status LayerTree::find(const std::string& path, bool make, Place* place, bool* found) {
  const std::string_view directory = parentOf(path);
  *found = true;
  if (!cached_.directory || cachedPath_ != directory) {
    Fd fd;
    std::string resolved;
    TRY(walk(directory, make, &fd, &resolved, found));
    if (!*found) return {};
    cachedPath_ = directory;
    cached_.directory = std::make_shared<const Fd>(std::move(fd));
    cached_.directoryPath = std::move(resolved);
  }
  *place = cached_;
  place->name = nameOf(path);
  return {};
}

Status LayerTree::openPlain(const std::string& path, int flags, Fd* fd) {
  if (path.size() > kMaxPath) {
    errno = ENAMETOOLONG;
    return failedCall("openat2", path);
  }
  const char* name = path.empty() ? "." : path.c_str();
  long opened = openBeneath(root_, name, flags);
  // EAGAIN: a rename elsewhere raced with the lookup.
  for (int tries = 0; opened == -1 && errno == EAGAIN && tries < 64; tries++)
    opened = openBeneath(root_, name, flags);
  if (opened == -1) return failedCall("openat2", path);
  fd->reset(static_cast<int>(opened));
  return {};
}

/** For kernels (before 5.6) and seccomp profiles without openat2: the same, one component at a time. */
Status LayerTree::openByComponents(const std::string& path, Fd* fd) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  fd->reset(openat(root_, ".", kFlags));
  PathWalk parts(path);
  for (std::string name; fd->valid() && parts.next(&name);) {
    fd->reset(openat(fd->get(), name.c_str(), kFlags));
  }
  return fd->valid() ? Status() : failedCall("openat", path);
}

Status LayerTree::openDirectory(const std::string& path, Fd* fd) {
  Status status = openPlain(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, fd);
  if (status.ok() || (status.failure().error != ENOSYS && status.failure().error != EPERM)) return status;
  Fd handle;
  TRY(openByComponents(path, &handle));
  fd->reset(openat(handle.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd->valid() ? Status() : failedCall("openat", path);
}

Status LayerTree::walk(std::string_view path, bool make, Fd* fd, std::string* resolved, bool* found) {
  *found = true;
  *resolved = path;
  // Nearly always all of it is there and free of links: one call.
  if (openPlain(*resolved, O_PATH | O_DIRECTORY, fd).ok()) return {};

  Walk walk(path);
  TRY(openByComponents("", &walk.at));
  for (std::string name; *found && walk.rest.next(&name);) {
    if (name == "..") {
      // The path so far has no links in it, so its parent is what it says; above the root is the root.
      walk.path = parentOf(walk.path);
      TRY(openByComponents(walk.path, &walk.at));
      continue;
    }
    if (walk.path.size() + name.size() >= kMaxPath) {
      errno = ENAMETOOLONG;
      return failedCall("openat", std::string(path));
    }
    TRY(step(&walk, name, make, found));
  }
  *fd = std::move(walk.at);
  *resolved = std::move(walk.path);
  return {};
}

Status LayerTree::step(Walk* walk, const std::string& name, bool make, bool* found) {
  const std::string path = join(walk->path, name);
  Fd next(openat(walk->at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!next.valid()) {
    if (errno != ENOENT) return failedCall("openat", path);
    *found = make;
    return make ? makeDirectory(walk, name, false) : Status();
  }
  struct stat info;
  if (fstat(next.get(), &info) == -1) return failedCall("fstat", path);
  if (S_ISDIR(info.st_mode)) {
    walk->at = std::move(next);
    walk->path = path;
    return {};
  }
  if (S_ISLNK(info.st_mode)) {
    bool isAbsolute = false;
    TRY(walk->rest.follow(next.get(), "", path, &isAbsolute));
    if (!isAbsolute) return {};
    walk->path.clear();
    return openByComponents("", &walk->at);
  }
  if (!make) {
    *found = false;
    return {};
  }
  if (!isWhiteoutNode(info)) return fail(Code::kArchive, quoted(path) + " is no folder, yet has members");
  // Hidden first, then given anew: what lower layers have below this name must not show.
  if (unlinkat(walk->at.get(), name.c_str(), 0) == -1) return failedCall("unlinkat", path);
  records_.forget(path);
  return makeDirectory(walk, name, true);
}

Status LayerTree::makeDirectory(Walk* walk, const std::string& name, bool isOpaque) {
  const std::string path = join(walk->path, name);
  DirectoryRecord* record = nullptr;
  TRY(records_.directory(path, &record));
  record->isOpaque = isOpaque;
  record->isImplied = !isOpaque;
  if (mkdirat(walk->at.get(), name.c_str(), 0755) == -1) return failedCall("mkdirat", path);
  Fd made(openat(walk->at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made.valid()) return failedCall("openat", path);
  walk->at = std::move(made);
  walk->path = path;
  return {};
}

Status LayerTree::vacate(const Place& place) {
  const std::string path = place.path();
  records_.forget(path);
  // What is removed may lie on the way to the cached folder.
  cached_.directory.reset();
  if (unlinkat(place.fd(), place.name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return failedCall("unlinkat", path);
  return remove_tree(place.fd(), place.name.c_str()) == 0 ? Status() : failedCall("rmdir", path);
}

}  // namespace tinyd::unpack
