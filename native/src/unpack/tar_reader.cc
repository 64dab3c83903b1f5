#include "unpack/tar_reader.h"

#include <algorithm>
#include <cstring>

namespace tinyd::unpack {

namespace {

/** No name and no list of attributes needs more; it bounds what a hostile header can claim. */
constexpr uint64_t kMaxExtensionBytes = 1024 * 1024;

Status truncated() {
  return fail(Code::kArchive, "the tar archive is truncated");
}

size_t paddingOf(uint64_t size) {
  return static_cast<size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

}  // namespace

Status TarReader::readBlock(TarBlock* block, bool* ended) {
  size_t have = 0;
  *ended = false;
  while (have < kTarBlock) {
    Bytes window;
    TRY(source_.peek(&window));
    if (window.empty()) {
      *ended = have == 0;
      return have == 0 ? Status() : truncated();
    }
    const size_t count = std::min(window.size(), kTarBlock - have);
    memcpy(block->data() + have, window.data(), count);
    source_.consume(count);
    have += count;
  }
  return {};
}

Status TarReader::readWholeBlock(TarBlock* block) {
  bool ended = false;
  TRY(readBlock(block, &ended));
  return ended ? truncated() : Status();
}

Status TarReader::next(Entry* entry, bool* found) {
  TRY(skipRest());
  Extensions extensions;
  for (;;) {
    TarBlock block;
    bool ended = false;
    TRY(readBlock(&block, &ended));
    if (ended || isZeroBlock(block)) {
      *found = false;
      if (extensions.any()) return fail(Code::kArchive, "the tar archive ends with an extension header");
      return ended ? Status() : readEnd();
    }
    TarHeader header;
    TRY(parseTarHeader(block, &header));
    bool wasExtension = false;
    TRY(readExtension(header, &extensions, &wasExtension));
    if (wasExtension) continue;

    *found = true;
    *entry = Entry();
    TRY(merge(header, extensions, entry));
    const bool hasPaxSparse = extensions.pax && extensions.pax->sparse;
    if (header.type == 'S') {
      if (hasPaxSparse) return fail(Code::kArchive, "a tar member is sparse in two ways");
      return readGnuSparse(block, entry);
    }
    if (hasPaxSparse) return readPaxSparse(*extensions.pax->sparse, entry);
    return {};
  }
}

/** One zero block has been read: the end if another one follows, or nothing at all. */
Status TarReader::readEnd() {
  TarBlock block;
  bool ended = false;
  TRY(readBlock(&block, &ended));
  if (ended || isZeroBlock(block)) return {};
  return fail(Code::kArchive, "the tar archive has a lone zero block inside");
}

Status TarReader::readExtension(const TarHeader& header, Extensions* extensions, bool* wasExtension) {
  *wasExtension = true;
  const bool standsAlone = header.type == 'g' || header.type == 'V';
  if (standsAlone && extensions->any()) {
    return fail(Code::kArchive, "a tar extension header is not followed by a member");
  }
  switch (header.type) {
    case 'L':
      return readText(header, &extensions->longPath);
    case 'K':
      return readText(header, &extensions->longLink);
    case 'g':
      return readGlobal(header);
    case 'x': {
      if (extensions->pax) return fail(Code::kArchive, "two pax headers for one tar member");
      std::string records;
      TRY(readContent(header.size, &records));
      return parsePax(records, &extensions->pax.emplace());
    }
    case 'V':
      // A volume label (GNU tar --label): a name, nothing to unpack.
      return header.size == 0 ? Status() : fail(Code::kArchive, "a volume label in a tar archive has data");
    default:
      *wasExtension = false;
      return {};
  }
}

Status TarReader::readContent(uint64_t size, std::string* content) {
  if (size > kMaxExtensionBytes) return fail(Code::kLimit, "a tar extension header is larger than 1 MiB");
  stored_ = size;
  padding_ = paddingOf(size);
  content->clear();
  while (stored_ > 0) {
    Bytes window;
    TRY(source_.peek(&window));
    if (window.empty()) return truncated();
    const size_t count = static_cast<size_t>(std::min<uint64_t>(window.size(), stored_));
    content->append(reinterpret_cast<const char*>(window.data()), count);
    source_.consume(count);
    stored_ -= count;
  }
  return skipRest();
}

Status TarReader::readText(const TarHeader& header, std::optional<std::string>* text) {
  if (*text) return fail(Code::kArchive, "two GNU long names for one tar member");
  std::string content;
  TRY(readContent(header.size, &content));
  const size_t end = std::min(content.find('\0'), content.size());
  if (content.find_first_not_of('\0', end) != std::string::npos) {
    return fail(Code::kArchive, "a GNU long name holds a NUL");
  }
  *text = content.substr(0, end);
  return {};
}

Status TarReader::readGlobal(const TarHeader& header) {
  std::string records;
  TRY(readContent(header.size, &records));
  TRY(parsePax(records, &global_));
  // Some readers apply these to every member, some to none.
  if (global_.path || global_.link || global_.size || global_.sparse || !global_.xattrs.empty()) {
    return fail(Code::kArchive, "a global pax header sets what only a member can have");
  }
  return {};
}

Status TarReader::merge(const TarHeader& header, Extensions& extensions, Entry* entry) {
  PaxHeader none;
  PaxHeader& pax = extensions.pax ? *extensions.pax : none;
  const bool twoPaths = pax.path && extensions.longPath && *pax.path != *extensions.longPath;
  const bool twoLinks = pax.link && extensions.longLink && *pax.link != *extensions.longLink;
  if (twoPaths || twoLinks) return fail(Code::kArchive, "a tar member has a pax and a GNU name that differ");

  entry->path = pax.path ? *pax.path : extensions.longPath.value_or(header.path);
  entry->link = pax.link ? *pax.link : extensions.longLink.value_or(header.link);
  // The largest ID is chown(2)'s "leave unchanged", so nobody can own a file by it.
  if ((!pax.uid && header.uid >= UINT32_MAX) || (!pax.gid && header.gid >= UINT32_MAX)) {
    return fail(Code::kArchive, "the owner of tar member " + quoted(entry->path) + " is out of range");
  }
  entry->mode = header.mode;
  entry->uid = pax.uid ? *pax.uid : global_.uid.value_or(static_cast<uint32_t>(header.uid));
  entry->gid = pax.gid ? *pax.gid : global_.gid.value_or(static_cast<uint32_t>(header.gid));
  entry->mtime = pax.mtime ? *pax.mtime : global_.mtime.value_or(timespec{header.mtime, 0});
  entry->atime = pax.atime ? pax.atime : global_.atime;
  entry->deviceMajor = header.deviceMajor;
  entry->deviceMinor = header.deviceMinor;
  entry->xattrs = std::move(pax.xattrs);

  stored_ = pax.size.value_or(header.size);
  padding_ = paddingOf(stored_);
  entry->size = stored_;
  runs_.assign(1, {0, stored_});
  run_ = 0;
  runPosition_ = 0;
  TRY(setType(header, entry));
  if (entry->path.empty()) return fail(Code::kArchive, "a tar member has no name");
  const bool isLink = entry->type == EntryType::kSymlink || entry->type == EntryType::kHardLink;
  if (isLink && entry->link.empty()) {
    return fail(Code::kArchive, "link " + quoted(entry->path) + " has no target");
  }
  if (entry->type != EntryType::kFile && (stored_ != 0 || pax.sparse)) {
    return fail(Code::kArchive, "tar member " + quoted(entry->path) + " is no file and has data");
  }
  return {};
}

Status TarReader::setType(const TarHeader& header, Entry* entry) {
  const bool endsInSlash = !entry->path.empty() && entry->path.back() == '/';
  switch (header.type) {
    case '\0':
      // v7 had no type for directories.
      entry->type = endsInSlash ? EntryType::kDirectory : EntryType::kFile;
      return {};
    case '0':
    case '7':
    case 'S':
      entry->type = EntryType::kFile;
      if (!endsInSlash) return {};
      return fail(Code::kArchive, "tar member " + quoted(entry->path) + " is a file named like a directory");
    case '1':
      entry->type = EntryType::kHardLink;
      return {};
    case '2':
      entry->type = EntryType::kSymlink;
      return {};
    case '3':
      entry->type = EntryType::kCharDevice;
      return {};
    case '4':
      entry->type = EntryType::kBlockDevice;
      return {};
    case '5':
      entry->type = EntryType::kDirectory;
      return {};
    case '6':
      entry->type = EntryType::kFifo;
      return {};
    default:
      return fail(Code::kArchive, "tar member " + quoted(entry->path) + " has the unknown type " +
                                      quoted(std::string(1, header.type)));
  }
}

Status TarReader::read(uint64_t* offset, Bytes* data) {
  while (run_ < runs_.size() && runPosition_ == runs_[run_].length) {
    run_++;
    runPosition_ = 0;
  }
  *data = {};
  if (run_ == runs_.size()) return {};
  Bytes window;
  TRY(source_.peek(&window));
  if (window.empty()) return truncated();
  const SparseRun& run = runs_[run_];
  *offset = run.offset + runPosition_;
  *data = window.first(static_cast<size_t>(std::min<uint64_t>(window.size(), run.length - runPosition_)));
  source_.consume(data->size());
  runPosition_ += data->size();
  stored_ -= data->size();
  return {};
}

Status TarReader::skipRest() {
  while (stored_ > 0 || padding_ > 0) {
    Bytes window;
    TRY(source_.peek(&window));
    if (window.empty()) return truncated();
    const size_t data = static_cast<size_t>(std::min<uint64_t>(window.size(), stored_));
    const size_t padding = stored_ == data ? std::min(window.size() - data, padding_) : 0;
    source_.consume(data + padding);
    stored_ -= data;
    padding_ -= padding;
  }
  return {};
}

}  // namespace tinyd::unpack
