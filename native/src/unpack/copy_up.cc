#include "unpack/copy_up.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "sys/result.h"
#include "unpack/layer_path.h"
#include "unpack/metadata.h"

namespace tinyd::unpack {

namespace {

Status copyRange(int from, int to, off_t start, off_t end, const std::string& path) {
  constexpr size_t kBufferBytes = 128 * 1024;
  const auto buffer = std::make_unique<char[]>(kBufferBytes);
  while (start < end) {
    const size_t wanted = static_cast<size_t>(std::min<off_t>(end - start, kBufferBytes));
    const ssize_t have = retryInterrupted([&] { return pread(from, buffer.get(), wanted, start); });
    if (have == -1) return failedCall("pread", path);
    if (have == 0) return {};
    for (ssize_t done = 0; done < have;) {
      const ssize_t count = retryInterrupted(
          [&] { return pwrite(to, buffer.get() + done, static_cast<size_t>(have - done), start + done); });
      if (count == -1) return failedCall("pwrite", path);
      done += count;
    }
    start += have;
  }
  return {};
}

Status copyContent(int from, int to, off_t size, const std::string& path) {
  if (ioctl(to, FICLONE, from) == 0) return {};
  if (ftruncate(to, size) == -1) return failedCall("ftruncate", path);
  for (off_t at = 0; at < size;) {
    const off_t data = lseek(from, at, SEEK_DATA);
    // ENXIO: only a hole is left. A file system without holes has data everywhere.
    if (data == -1) return errno == ENXIO ? Status() : copyRange(from, to, at, size, path);
    const off_t hole = lseek(from, data, SEEK_HOLE);
    const off_t end = hole == -1 ? size : hole;
    TRY(copyRange(from, to, data, end, path));
    at = end;
  }
  return {};
}

Status copyFile(const MergedFile& source, const Entry& entry, const Place& place) {
  Fd from(openat(source.parent.get(), source.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!from.valid()) return failedCall("openat", source.path);
  Fd to(openat(place.fd(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!to.valid()) return failedCall("openat", place.path());
  TRY(copyContent(from.get(), to.get(), source.info.st_size, place.path()));
  return finishFile(to.get(), entry, place.path());
}

Status copyLink(const MergedFile& source, const Entry& entry, const Place& place) {
  std::string target(kMaxPath + 1, '\0');
  const ssize_t length = readlinkat(source.parent.get(), source.name.c_str(), target.data(), target.size());
  if (length == -1) return failedCall("readlinkat", source.path);
  target.resize(static_cast<size_t>(length));
  if (symlinkat(target.c_str(), place.fd(), place.name.c_str()) == -1) {
    return failedCall("symlinkat", place.path());
  }
  return finishNode(place, entry);
}

}  // namespace

Status copyUp(const MergedFile& source, const Place& place) {
  Entry entry;
  entry.mode = source.info.st_mode & 07777;
  entry.uid = source.info.st_uid;
  entry.gid = source.info.st_gid;
  entry.mtime = source.info.st_mtim;
  entry.atime = source.info.st_atim;
  const std::string handle = "/proc/self/fd/" + std::to_string(source.parent.get()) + "/" + source.name;
  TRY(readXattrs(handle, false, &entry.xattrs));
  if (S_ISREG(source.info.st_mode)) return copyFile(source, entry, place);
  if (S_ISLNK(source.info.st_mode)) return copyLink(source, entry, place);
  if (mknodat(place.fd(), place.name.c_str(), source.info.st_mode, source.info.st_rdev) == -1) {
    return failedCall("mknodat", place.path());
  }
  return finishNode(place, entry);
}

Status copyUpFolder(int source, int folder, OverlayXattr overlay, const std::string& path) {
  struct stat info;
  if (fstat(source, &info) == -1) return failedCall("fstat", path);
  DirectoryRecord record;
  record.isImplied = false;
  record.mode = info.st_mode & 07777;
  record.uid = info.st_uid;
  record.gid = info.st_gid;
  record.mtime = info.st_mtim;
  record.atime = info.st_atim;
  TRY(readXattrs("/proc/self/fd/" + std::to_string(source), true, &record.xattrs));
  return finishDirectory(folder, record, overlay, path);
}

}  // namespace tinyd::unpack
