#include "sys/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <cstdio>

#include "../helper/remove_tree.h"

namespace tinyd {

Result<Done> syncFileSystem(int fd) {
  if (syncfs(fd) == -1) return lastFailure("syncfs");
  return Done{};
}

Result<Done> removeTree(const std::string& path) {
  if (remove_tree(AT_FDCWD, path.c_str()) == -1) return lastFailure("removeTree", path);
  return Done{};
}

namespace {

/** Reads a list or a value whose size may change between the two calls. -1 with errno set on failure. */
template <typename Read>
ssize_t readSized(std::string& buffer, Read read) {
  for (;;) {
    ssize_t size = read(nullptr, 0);
    if (size < 0) return -1;
    buffer.resize(static_cast<size_t>(size));
    if (size == 0) return 0;
    size = read(buffer.data(), buffer.size());
    if (size >= 0) {
      buffer.resize(static_cast<size_t>(size));
      return size;
    }
    if (errno != ERANGE) return -1;
  }
}

/**
 * What the kernel answers for a file of /proc or of a cgroup whose process, network namespace or cgroup ended
 * since its folder was found.
 */
bool hasEnded(int error) {
  return error == ESRCH || error == ENXIO || error == ENODEV;
}

}  // namespace

Result<std::vector<Xattr>> listXattrs(const std::string& path, bool follow) {
  std::string names;
  auto list = follow ? listxattr : llistxattr;
  auto get = follow ? getxattr : lgetxattr;
  auto readNames = [&](char* to, size_t size) { return list(path.c_str(), to, size); };
  if (readSized(names, readNames) < 0) return lastFailure("llistxattr", path);

  std::vector<Xattr> found;
  for (size_t at = 0; at < names.size();) {
    Xattr xattr{names.c_str() + at, {}};
    at += xattr.name.size() + 1;
    auto readValue = [&](char* to, size_t size) { return get(path.c_str(), xattr.name.c_str(), to, size); };
    if (readSized(xattr.value, readValue) >= 0) {
      found.push_back(std::move(xattr));
    } else if (errno != ENODATA) {
      return lastFailure("lgetxattr", path);
    }
  }
  return found;
}

Result<Fd> openInRoot(const std::string& root, const std::string& path) {
  Fd rootFd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!rootFd.valid()) return lastFailure("open", root);
  struct open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  auto call = [&] { return syscall(SYS_openat2, rootFd.get(), path.c_str(), &how, sizeof how); };
  long fd = retryInterrupted(call);
  // EAGAIN: a rename raced with the walk; the kernel asks to walk again.
  for (int tries = 0; fd == -1 && errno == EAGAIN && tries < 64; tries++) fd = retryInterrupted(call);
  if (fd == -1) return lastFailure("openat2", path);
  return Fd(static_cast<int>(fd));
}

Result<Fd> memoryFile(const std::string& name, const void* content, size_t length) {
  Fd file(memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return lastFailure("memfd_create", name);
  const char* from = static_cast<const char*>(content);
  for (size_t at = 0; at < length;) {
    ssize_t wrote =
        retryInterrupted([&] { return pwrite(file.get(), from + at, length - at, static_cast<off_t>(at)); });
    if (wrote == -1) return lastFailure("write", name);
    at += static_cast<size_t>(wrote);
  }
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
    return lastFailure("fcntl", name);
  }
  return file;
}

Result<std::string> identify(int folder, const std::string& name) {
  struct stat info;
  if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == -1) {
    if (errno == ENOENT || errno == ENOTDIR) return std::string();
    return lastFailure("fstatat", name);
  }
  char text[96];
  snprintf(text, sizeof text, "%lld.%09ld %llu %lld", static_cast<long long>(info.st_ctim.tv_sec),
           info.st_ctim.tv_nsec, static_cast<unsigned long long>(info.st_ino),
           static_cast<long long>(info.st_size));
  return std::string(text);
}

Result<bool> readFileIn(int folder, const std::string& name, std::string& content) {
  Fd file(openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR || hasEnded(errno)) return false;
    return lastFailure("open", name);
  }
  constexpr size_t kStep = 4096;
  for (size_t length = 0;;) {
    content.resize(length + kStep);
    const ssize_t count = retryInterrupted([&] { return read(file.get(), content.data() + length, kStep); });
    if (count == -1 && hasEnded(errno)) return false;
    if (count == -1) return lastFailure("read", name);
    length += static_cast<size_t>(count);
    // A regular file gives all it has: what is shorter than asked for is the end.
    if (static_cast<size_t>(count) < kStep) {
      content.resize(length);
      return true;
    }
  }
}

}  // namespace tinyd
