#include "unpack/merged_layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstring>

#include "unpack/layer_path.h"
#include "unpack/overlay_marks.h"
#include "unpack/path_walk.h"

namespace tinyd::unpack {

namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

}  // namespace

Status MergedLayers::open(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    roots_.emplace_back(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!roots_.back().valid()) return failedCall("open", folder);
  }
  return {};
}

bool MergedLayers::isOpaque(int folder) const {
  char value = 0;
  return fgetxattr(folder, opaqueXattr(overlay_), &value, 1) == 1 && value == 'y';
}

Status MergedLayers::rootFolder(MergedFolder* folder) {
  folder->clear();
  for (size_t layer = 0; layer < roots_.size(); layer++) {
    Fd copy(openat(roots_[layer].get(), ".", kFolderFlags));
    if (!copy.valid()) return failedCall("openat", ".");
    folder->push_back({layer, std::move(copy)});
    if (isOpaque(roots_[layer].get())) break;
  }
  return {};
}

Status MergedLayers::look(const MergedFolder& folder, const std::string& name, bool ignoreNearestOpaque,
                          MergedChild* child) {
  *child = MergedChild();
  for (size_t part = 0; part < folder.size(); part++) {
    const int fd = folder[part].fd.get();
    struct stat info;
    if (fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == -1) {
      if (errno == ENOENT) continue;
      return failedCall("fstatat", name);
    }
    if (isWhiteoutNode(info)) return {};
    if (!S_ISDIR(info.st_mode)) {
      // Below a folder it is hidden by the folder.
      if (child->kind == MergedChild::Kind::kFolder) return {};
      child->kind = MergedChild::Kind::kOther;
      child->part = part;
      child->info = info;
      return {};
    }
    Fd next(openat(fd, name.c_str(), kFolderFlags));
    if (!next.valid()) return failedCall("openat", name);
    const bool endsHere = isOpaque(next.get()) && !(ignoreNearestOpaque && folder[part].layer == 0);
    child->kind = MergedChild::Kind::kFolder;
    child->folder.push_back({folder[part].layer, std::move(next)});
    if (endsHere) return {};
  }
  return {};
}

Status MergedLayers::openFolder(const std::string& path, MergedFolder* folder) {
  TRY(rootFolder(folder));
  PathWalk walk(path);
  for (std::string name; walk.next(&name);) {
    MergedChild child;
    TRY(look(*folder, name, false, &child));
    *folder = std::move(child.folder);
  }
  return {};
}

Status MergedLayers::listNames(const MergedFolder& folder, const std::string& path,
                               std::set<std::string>* names) {
  for (const MergedPart& part : folder) {
    Fd copy(openat(part.fd.get(), ".", kFolderFlags));
    if (!copy.valid()) return failedCall("openat", path);
    DIR* entries = fdopendir(copy.get());
    if (entries == nullptr) return failedCall("fdopendir", path);
    copy.release();
    errno = 0;
    for (const dirent* entry = readdir(entries); entry != nullptr; entry = readdir(entries)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names->insert(name);
    }
    const int error = errno;
    closedir(entries);
    errno = error;
    if (error != 0) return failedCall("readdir", path);
  }
  return {};
}

Status MergedLayers::find(const std::string& path, MergedFile* file, bool* found) {
  *found = false;
  MergedFolder folder;
  TRY(rootFolder(&folder));
  PathWalk walk(path);
  std::string at, name;
  while (walk.next(&name)) {
    if (name == "..") {
      at = parentOf(at);
      TRY(openFolder(at, &folder));
      continue;
    }
    MergedChild child;
    TRY(look(folder, name, false, &child));
    if (child.kind == MergedChild::Kind::kNone) return {};
    if (child.kind == MergedChild::Kind::kFolder) {
      folder = std::move(child.folder);
      at = join(at, name);
      continue;
    }
    MergedPart& part = folder[child.part];
    if (walk.atEnd()) {
      *found = true;
      *file = {join(at, name), part.layer, std::move(part.fd), name, child.info};
      return {};
    }
    if (!S_ISLNK(child.info.st_mode)) return {};
    bool isAbsolute = false;
    TRY(walk.follow(part.fd.get(), name, join(at, name), &isAbsolute));
    if (isAbsolute) {
      at.clear();
      TRY(rootFolder(&folder));
    }
  }
  // A folder: there, but nothing that a hard link can lead to.
  *found = true;
  *file = {at, folder.empty() ? 0 : folder.front().layer, Fd(), std::string(nameOf(at)), {}};
  file->info.st_mode = S_IFDIR;
  return {};
}

Status MergedLayers::findLowerFolder(const std::string& path, Fd* result, bool* found) {
  *found = false;
  MergedFolder folder;
  if (path.empty()) {
    for (size_t layer = 0; layer < std::min<size_t>(2, roots_.size()); layer++) {
      Fd copy(openat(roots_[layer].get(), ".", kFolderFlags));
      if (!copy.valid()) return failedCall("openat", ".");
      folder.push_back({layer, std::move(copy)});
    }
  } else {
    TRY(openFolder(std::string(parentOf(path)), &folder));
    MergedChild child;
    TRY(look(folder, std::string(nameOf(path)), true, &child));
    folder = std::move(child.folder);
  }
  for (MergedPart& part : folder) {
    if (part.layer == 0) continue;
    *found = true;
    *result = std::move(part.fd);
    break;
  }
  return {};
}

Status MergedLayers::lowerHas(const std::string& path, bool* has) {
  *has = false;
  MergedFolder folder;
  TRY(openFolder(std::string(parentOf(path)), &folder));
  for (const MergedPart& part : folder) {
    struct stat info;
    if (part.layer == 0) continue;
    if (fstatat(part.fd.get(), std::string(nameOf(path)).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      *has = !isWhiteoutNode(info);
      return {};
    }
    if (errno != ENOENT) return failedCall("fstatat", path);
  }
  return {};
}

Status readXattrs(const std::string& handle, bool follow, std::vector<Xattr>* xattrs) {
  const auto list = follow ? listxattr : llistxattr;
  const auto get = follow ? getxattr : lgetxattr;
  // The kernel's own limits (XATTR_LIST_MAX, XATTR_SIZE_MAX).
  constexpr size_t kMax = 65536;
  std::string names(kMax, '\0'), value(kMax, '\0');
  const ssize_t length = list(handle.c_str(), names.data(), names.size());
  if (length == -1) return errno == ENOTSUP ? Status() : failedCall("listxattr", handle);
  names.resize(static_cast<size_t>(length));
  for (size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.")) continue;
    const ssize_t size = get(handle.c_str(), name.c_str(), value.data(), value.size());
    if (size == -1) return failedCall("getxattr", handle);
    xattrs->push_back({name, value.substr(0, static_cast<size_t>(size))});
  }
  return {};
}

}  // namespace tinyd::unpack
