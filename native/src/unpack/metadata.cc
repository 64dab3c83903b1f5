#include "unpack/metadata.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace tinyd::unpack {

namespace {

/** Labels belong to the policy of the host, not to the image. */
bool isHostLabel(const Xattr& xattr) {
  return xattr.name == "security.selinux";
}

Status failedXattr(const Xattr& xattr, const std::string& path) {
  const int error = errno;
  Failure failure{Code::kSystem, {}, error, "setxattr", path};
  failure.message = "setting " + quoted(xattr.name);
  return failure;
}

/** Sets what differs from `info`. Owner first: chown clears suid and sgid. */
template <typename Chown, typename Chmod>
Status setOwnerAndMode(const struct stat& info, uint32_t uid, uint32_t gid, uint32_t mode,
                       const std::string& path, Chown chownTo, Chmod chmodTo) {
  bool mustChmod = (info.st_mode & 07777) != mode;
  if (info.st_uid != uid || info.st_gid != gid) {
    if (chownTo(uid, gid) == -1) return failedCall("chown", path);
    mustChmod = mustChmod || (mode & 06000) != 0;
  }
  if (mustChmod && chmodTo(mode) == -1) return failedCall("chmod", path);
  return {};
}

Status setFdXattrs(int fd, const std::vector<Xattr>& xattrs, const std::string& path) {
  for (const Xattr& xattr : xattrs) {
    if (isHostLabel(xattr)) continue;
    if (fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) == -1) {
      return failedXattr(xattr, path);
    }
  }
  return {};
}

std::string throughProc(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace

Status checkXattrs(const Entry& entry, const std::string& path) {
  for (const Xattr& xattr : entry.xattrs) {
    if (xattr.name.starts_with("trusted.overlay.") || xattr.name.starts_with("user.overlay.")) {
      return fail(Code::kArchive, "tar member " + quoted(path) + " sets " + quoted(xattr.name));
    }
  }
  return {};
}

Status finishFile(int fd, const Entry& entry, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) == -1) return failedCall("fstat", path);
  TRY(setOwnerAndMode(
      info, entry.uid, entry.gid, entry.mode, path,
      [&](uid_t uid, gid_t gid) { return fchown(fd, uid, gid); },
      [&](mode_t mode) { return fchmod(fd, mode); }));
  // After chown, which drops security.capability.
  TRY(setFdXattrs(fd, entry.xattrs, path));
  const timespec times[2] = {entry.atime.value_or(entry.mtime), entry.mtime};
  return futimens(fd, times) == 0 ? Status() : failedCall("utimensat", path);
}

Status finishNode(const Place& place, const Entry& entry) {
  const std::string path = place.path();
  Fd node(openat(place.fd(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!node.valid() || fstat(node.get(), &info) == -1) return failedCall("openat", path);
  const bool isLink = S_ISLNK(info.st_mode);
  const std::string handle = throughProc(node.get());
  TRY(setOwnerAndMode(
      info, entry.uid, entry.gid, isLink ? info.st_mode & 07777 : entry.mode, path,
      [&](uid_t uid, gid_t gid) { return fchownat(node.get(), "", uid, gid, AT_EMPTY_PATH); },
      [&](mode_t mode) { return chmod(handle.c_str(), mode); }));
  // The descriptor's own link leads to the folder; l*xattr then does not follow the name in it.
  const std::string named = throughProc(place.fd()) + "/" + place.name;
  for (const Xattr& xattr : entry.xattrs) {
    if (isHostLabel(xattr)) continue;
    if (lsetxattr(named.c_str(), xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) == -1) {
      return failedXattr(xattr, path);
    }
  }
  const timespec times[2] = {entry.atime.value_or(entry.mtime), entry.mtime};
  if (utimensat(place.fd(), place.name.c_str(), times, AT_SYMLINK_NOFOLLOW) == -1) {
    return failedCall("utimensat", path);
  }
  return {};
}

Status finishDirectory(int fd, const DirectoryRecord& record, OverlayXattr overlay, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) == -1) return failedCall("fstat", path);
  const uint32_t uid = record.isImplied ? info.st_uid : record.uid;
  const uint32_t gid = record.isImplied ? info.st_gid : record.gid;
  TRY(setOwnerAndMode(
      info, uid, gid, record.mode, path, [&](uid_t u, gid_t g) { return fchown(fd, u, g); },
      [&](mode_t mode) { return fchmod(fd, mode); }));
  TRY(setFdXattrs(fd, record.xattrs, path));
  if (record.isOpaque) {
    const char* name = opaqueXattr(overlay);
    if (fsetxattr(fd, name, "y", 1, 0) == -1) return failedXattr({name, "y"}, path);
  }
  if (!record.mtime) return {};
  const timespec times[2] = {record.atime.value_or(*record.mtime), *record.mtime};
  return futimens(fd, times) == 0 ? Status() : failedCall("utimensat", path);
}

}  // namespace tinyd::unpack
