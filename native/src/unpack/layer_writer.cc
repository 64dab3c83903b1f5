#include "unpack/layer_writer.h"

#include <fcntl.h>

#include <algorithm>

#include "sys/result.h"
#include "unpack/layer_path.h"
#include "unpack/overlay_marks.h"

namespace tinyd::unpack {

/** Runs a call that makes a new name, making room if the name is taken. */
template <typename Create>
Status LayerWriter::create(const Place& place, const char* call, Create createIt) {
  // Somebody who keeps taking the name must not keep us here.
  constexpr int kTries = 8;
  for (int tries = 0; tries < kTries; tries++) {
    if (retryInterrupted(createIt) != -1) return {};
    if (errno != EEXIST) break;
    TRY(tree_.vacate(place));
    errno = EEXIST;
  }
  return failedCall(call, place.path());
}

Status LayerWriter::charge(uint64_t bytes) {
  if (bytes > limitBytes_ - chargedBytes_) {
    return fail(Code::kLimit, "the layer holds more than " + std::to_string(limitBytes_) + " bytes");
  }
  chargedBytes_ += bytes;
  return {};
}

Status LayerWriter::add(const Entry& entry, TarReader& content) {
  summary_.entries++;
  // A name takes room on disk, too: millions of empty files must reach the limit.
  TRY(charge(kTarBlock));
  std::string path, hidden;
  NameKind kind = NameKind::kPlain;
  TRY(normalise(entry.path, &path));
  TRY(classify(path, &kind, &hidden));
  switch (kind) {
    case NameKind::kMetadata:
      return {};
    case NameKind::kWhiteout:
      return addWhiteout(hidden);
    case NameKind::kOpaque:
      return addOpaque(path);
    case NameKind::kPlain:
      break;
  }
  TRY(checkXattrs(entry, path));
  if (!path.empty()) return addMember(entry, path, content);
  if (entry.type == EntryType::kDirectory) return recordDirectory(entry, path);
  return fail(Code::kArchive, "tar member " + quoted(entry.path) + " would replace the layer's root");
}

Status LayerWriter::addMember(const Entry& entry, const std::string& path, TarReader& content) {
  if (entry.type == EntryType::kDirectory) return addDirectory(entry, path);
  Place place;
  TRY(tree_.makePlace(path, &place));
  if (records_.isPendingLink(place.path())) records_.forget(place.path());
  switch (entry.type) {
    case EntryType::kFile:
      return addFile(entry, place, content);
    case EntryType::kHardLink:
      return addHardLink(entry, place);
    case EntryType::kSymlink:
      return addSymlink(entry, place);
    default:
      return addNode(entry, place);
  }
}

Status LayerWriter::addWhiteout(const std::string& path) {
  Place place;
  TRY(tree_.makePlace(path, &place));
  const std::string hidden = place.path();
  if (records_.isPendingLink(hidden)) return {};
  // A whiteout speaks of lower layers only (OCI image-spec layer.md): what this layer has under the name
  // stays.
  struct stat info;
  if (fstatat(place.fd(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISDIR(info.st_mode)) return {};
    DirectoryRecord* record = nullptr;
    TRY(records_.directory(hidden, &record));
    record->isOpaque = true;
    record->isImplied = false;
    return {};
  }
  if (mknodat(place.fd(), place.name.c_str(), S_IFCHR, makedev(0, 0)) == -1)
    return failedCall("mknodat", hidden);
  return records_.addWhiteout(hidden);
}

Status LayerWriter::addOpaque(const std::string& path) {
  Place place;
  TRY(tree_.makePlace(path, &place));
  DirectoryRecord* record = nullptr;
  TRY(records_.directory(place.directoryPath, &record));
  record->isOpaque = true;
  return {};
}

Status LayerWriter::recordDirectory(const Entry& entry, const std::string& path) {
  DirectoryRecord* record = nullptr;
  TRY(records_.directory(path, &record));
  record->isImplied = false;
  record->mode = entry.mode;
  record->uid = entry.uid;
  record->gid = entry.gid;
  record->mtime = entry.mtime;
  record->atime = entry.atime;
  record->xattrs = entry.xattrs;
  size_t bytes = 0;
  for (const Xattr& xattr : entry.xattrs) bytes += xattr.name.size() + xattr.value.size();
  return records_.charge(bytes);
}

Status LayerWriter::addDirectory(const Entry& entry, const std::string& path) {
  Place place;
  TRY(tree_.makePlace(path, &place));
  const std::string resolved = place.path();
  if (records_.isPendingLink(resolved)) records_.forget(resolved);
  struct stat info;
  const bool exists = fstatat(place.fd(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && S_ISDIR(info.st_mode)) return recordDirectory(entry, resolved);
  // Hidden and given anew in one layer: what lower layers have in the folder must not show.
  const bool wasHidden = exists && records_.isWhiteout(resolved);
  TRY(create(place, "mkdirat", [&] { return mkdirat(place.fd(), place.name.c_str(), 0755); }));
  TRY(recordDirectory(entry, resolved));
  if (!wasHidden) return {};
  DirectoryRecord* record = nullptr;
  TRY(records_.directory(resolved, &record));
  record->isOpaque = true;
  return {};
}

Status LayerWriter::addFile(const Entry& entry, const Place& place, TarReader& content) {
  Fd file;
  TRY(create(place, "openat", [&] {
    // Exclusive, so that no fifo, device or link is ever opened. Suid and sgid come last, by chmod.
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    file.reset(openat(place.fd(), place.name.c_str(), kFlags, entry.mode & 0777));
    return file.get();
  }));
  const std::string path = place.path();
  TRY(writeContent(file.get(), entry, path, content));
  summary_.contentBytes += entry.size;
  return finishFile(file.get(), entry, path);
}

Status LayerWriter::writeContent(int fd, const Entry& entry, const std::string& path, TarReader& content) {
  uint64_t position = 0;
  for (;;) {
    uint64_t offset = 0;
    Bytes data;
    TRY(content.read(&offset, &data));
    if (data.empty()) break;
    TRY(charge(data.size()));
    if (offset != position && lseek(fd, static_cast<off_t>(offset), SEEK_SET) == -1) {
      return failedCall("lseek", path);
    }
    position = offset + data.size();
    while (!data.empty()) {
      const ssize_t count = retryInterrupted([&] { return write(fd, data.data(), data.size()); });
      if (count == -1) return failedCall("write", path);
      data = data.subspan(static_cast<size_t>(count));
    }
  }
  if (entry.size > position && ftruncate(fd, static_cast<off_t>(entry.size)) == -1) {
    return failedCall("ftruncate", path);
  }
  return {};
}

Status LayerWriter::addSymlink(const Entry& entry, const Place& place) {
  TRY(create(place, "symlinkat",
             [&] { return symlinkat(entry.link.c_str(), place.fd(), place.name.c_str()); }));
  return finishNode(place, entry);
}

Status LayerWriter::addHardLink(const Entry& entry, const Place& place) {
  std::string link;
  TRY(normalise(entry.link, &link));
  if (link.empty())
    return fail(Code::kArchive, "hard link " + quoted(entry.path) + " points to the layer's root");
  Place target;
  bool found = false;
  TRY(tree_.findPlace(link, &target, &found));
  struct stat info;
  if (!found || fstatat(target.fd(), target.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == -1 ||
      isWhiteoutNode(info)) {
    return addPendingLink(place, found ? target.path() : link);
  }
  if (S_ISDIR(info.st_mode)) {
    return fail(Code::kArchive, "hard link " + quoted(entry.path) + " points to a folder");
  }
  if (target.path() == place.path()) return {};
  // Without AT_SYMLINK_FOLLOW: a link to a symbolic link is one to the link itself.
  return create(place, "linkat",
                [&] { return linkat(target.fd(), target.name.c_str(), place.fd(), place.name.c_str(), 0); });
}

Status LayerWriter::addPendingLink(const Place& place, const std::string& target) {
  TRY(tree_.vacate(place));
  return records_.addPendingLink(place.path(), target);
}

Status LayerWriter::addNode(const Entry& entry, const Place& place) {
  const bool isDevice = entry.type != EntryType::kFifo;
  const mode_t type = !isDevice ? S_IFIFO : entry.type == EntryType::kCharDevice ? S_IFCHR : S_IFBLK;
  // dev_t of the kernel: 12 bits for the driver, 20 for the device.
  if (isDevice && (entry.deviceMajor >> 12 != 0 || entry.deviceMinor >> 20 != 0)) {
    return fail(Code::kArchive, "device " + quoted(entry.path) + " has a number that no kernel knows");
  }
  const dev_t device = isDevice ? makedev(entry.deviceMajor, entry.deviceMinor) : 0;
  if (type == S_IFCHR && device == makedev(0, 0)) {
    return fail(Code::kArchive,
                "device " + quoted(entry.path) + " is 0:0, which overlayfs takes for a whiteout");
  }
  TRY(create(place, "mknodat",
             [&] { return mknodat(place.fd(), place.name.c_str(), type | (entry.mode & 0777), device); }));
  return finishNode(place, entry);
}

/** A whiteout in a folder that hides everything anyway is redundant, and shows up in listings on older
 * kernels. */
Status LayerWriter::dropHiddenWhiteouts() {
  for (const std::string& path : records_.whiteouts()) {
    if (!records_.isBelowOpaque(parentOf(path))) {
      summary_.whiteouts.push_back(path);
      continue;
    }
    Place place;
    bool found = false;
    TRY(tree_.findPlace(path, &place, &found));
    if (found && unlinkat(place.fd(), place.name.c_str(), 0) == -1) return failedCall("unlinkat", path);
  }
  return {};
}

Status LayerWriter::finish(LayerSummary* summary) {
  TRY(dropHiddenWhiteouts());
  // Backwards, so that a folder comes after what lies in it and cannot be closed to us too early.
  const auto& directories = records_.directories();
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    const auto& [path, record] = *at;
    Fd fd;
    TRY(tree_.openDirectory(path, &fd));
    TRY(finishDirectory(fd.get(), record, overlay_, path));
    if (record.isImplied) summary_.impliedDirs.push_back(path);
  }
  std::reverse(summary_.impliedDirs.begin(), summary_.impliedDirs.end());

  std::vector<std::pair<size_t, LayerSummary::Link>> links;
  for (const auto& [path, link] : records_.pendingLinks()) links.push_back({link.order, {path, link.target}});
  std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [order, link] : links) summary_.pendingLinks.push_back(std::move(link));
  *summary = std::move(summary_);
  return {};
}

}  // namespace tinyd::unpack
