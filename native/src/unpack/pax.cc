#include "unpack/pax.h"

#include "unpack/xattr_encoding.h"

namespace tinyd::unpack {

namespace {

constexpr std::string_view kSchilyXattr = "SCHILY.xattr.";
constexpr std::string_view kLibarchiveXattr = "LIBARCHIVE.xattr.";
constexpr std::string_view kGnuSparse = "GNU.sparse.";

Status malformed(std::string_view keyword) {
  return fail(Code::kArchive, "malformed pax record " + quoted(std::string(keyword)));
}

/** Seconds since the epoch with an optional fraction; digits beyond nanoseconds are cut off. */
bool parseTime(std::string_view text, timespec* time) {
  const bool isNegative = !text.empty() && text.front() == '-';
  if (isNegative) text.remove_prefix(1);
  const size_t dot = text.find('.');
  uint64_t seconds = 0;
  if (!parseDecimal(text.substr(0, dot), &seconds)) return false;
  long nanoseconds = 0;
  if (dot != std::string_view::npos) {
    const std::string_view fraction = text.substr(dot + 1);
    for (size_t i = 0; i < fraction.size() || i < 9; i++) {
      const char digit = i < fraction.size() ? fraction[i] : '0';
      if (digit < '0' || digit > '9') return false;
      if (i < 9) nanoseconds = nanoseconds * 10 + (digit - '0');
    }
  }
  time->tv_sec = isNegative ? -static_cast<int64_t>(seconds) : static_cast<int64_t>(seconds);
  time->tv_nsec = nanoseconds;
  if (isNegative && nanoseconds > 0) {
    time->tv_sec -= 1;
    time->tv_nsec = 1'000'000'000 - nanoseconds;
  }
  return true;
}

Status setText(std::string_view keyword, std::string_view value, std::optional<std::string>* text) {
  if (value.find('\0') != std::string_view::npos) return malformed(keyword);
  *text = value;
  return {};
}

Status setNumber(std::string_view keyword, std::string_view value, std::optional<uint64_t>* number) {
  uint64_t parsed = 0;
  if (!parseDecimal(value, &parsed)) return malformed(keyword);
  *number = parsed;
  return {};
}

Status setOwner(std::string_view keyword, std::string_view value, std::optional<uint32_t>* owner) {
  uint64_t parsed = 0;
  // The largest ID is chown(2)'s "leave unchanged", so nobody can own a file by it.
  if (!parseDecimal(value, &parsed) || parsed >= UINT32_MAX) return malformed(keyword);
  *owner = static_cast<uint32_t>(parsed);
  return {};
}

Status setTime(std::string_view keyword, std::string_view value, std::optional<timespec>* time) {
  timespec parsed{};
  if (!parseTime(value, &parsed)) return malformed(keyword);
  *time = parsed;
  return {};
}

Status setSparse(std::string_view keyword, std::string_view value, PaxHeader* header) {
  if (!header->sparse) header->sparse.emplace();
  PaxHeader::Sparse& sparse = *header->sparse;
  const std::string_view field = keyword.substr(kGnuSparse.size());
  if (field == "name") return setText(keyword, value, &sparse.name);
  if (field == "size" || field == "realsize") return setNumber(keyword, value, &sparse.realSize);
  if (field == "numblocks") return setNumber(keyword, value, &sparse.runCount);
  if (field == "major") return setNumber(keyword, value, &sparse.major);
  if (field == "minor") return setNumber(keyword, value, &sparse.minor);
  if (field == "map") {
    sparse.hasMap = true;
    return sparse.map.addCommaList(value);
  }
  if (field == "offset" && !sparse.pendingOffset) return setNumber(keyword, value, &sparse.pendingOffset);
  if (field == "numbytes" && sparse.pendingOffset) {
    uint64_t length = 0;
    if (!parseDecimal(value, &length)) return malformed(keyword);
    sparse.hasMap = true;
    const uint64_t offset = *sparse.pendingOffset;
    sparse.pendingOffset.reset();
    return sparse.map.add(offset, length);
  }
  return malformed(keyword);
}

Status setXattr(std::string name, std::string value, PaxHeader* header) {
  if (name.empty() || name.find('\0') != std::string::npos) return malformed(name);
  // Both spellings of one attribute are common in archives made by libarchive.
  for (Xattr& known : header->xattrs) {
    if (known.name == name) {
      known.value = std::move(value);
      return {};
    }
  }
  constexpr size_t kMaxXattrs = 1024;
  if (header->xattrs.size() == kMaxXattrs)
    return fail(Code::kLimit, "a tar member has more than 1024 xattrs");
  header->xattrs.push_back({std::move(name), std::move(value)});
  return {};
}

/**
 * An empty value takes an earlier record back (POSIX pax, "extended header"). For names and sizes GNU tar
 * does not agree, so that other members would appear.
 */
Status takeBack(std::string_view keyword, PaxHeader* header) {
  if (keyword == "path" || keyword == "linkpath" || keyword == "size") return malformed(keyword);
  if (keyword.starts_with(kGnuSparse)) return malformed(keyword);
  if (keyword == "uid") header->uid.reset();
  if (keyword == "gid") header->gid.reset();
  if (keyword == "mtime") header->mtime.reset();
  if (keyword == "atime") header->atime.reset();
  return {};
}

Status apply(std::string_view keyword, std::string_view value, PaxHeader* header) {
  if (keyword.starts_with(kSchilyXattr)) {
    return setXattr(std::string(keyword.substr(kSchilyXattr.size())), std::string(value), header);
  }
  if (keyword.starts_with(kLibarchiveXattr)) {
    std::string name, bytes;
    if (!decodePercent(keyword.substr(kLibarchiveXattr.size()), &name)) return malformed(keyword);
    if (!decodeBase64(value, &bytes)) return malformed(keyword);
    return setXattr(std::move(name), std::move(bytes), header);
  }
  if (value.empty()) return takeBack(keyword, header);
  if (keyword == "path") return setText(keyword, value, &header->path);
  if (keyword == "linkpath") return setText(keyword, value, &header->link);
  if (keyword == "size") return setNumber(keyword, value, &header->size);
  if (keyword == "uid") return setOwner(keyword, value, &header->uid);
  if (keyword == "gid") return setOwner(keyword, value, &header->gid);
  if (keyword == "mtime") return setTime(keyword, value, &header->mtime);
  if (keyword == "atime") return setTime(keyword, value, &header->atime);
  if (keyword.starts_with(kGnuSparse)) return setSparse(keyword, value, header);
  return {};
}

}  // namespace

Status parsePax(std::string_view records, PaxHeader* header) {
  while (!records.empty()) {
    // "%d %s=%s\n": the number counts the whole record, itself and the newline included.
    const size_t blank = records.find(' ');
    uint64_t length = 0;
    if (blank == std::string_view::npos || blank > 20 || !parseDecimal(records.substr(0, blank), &length)) {
      return fail(Code::kArchive, "malformed pax header: a record without a length");
    }
    if (length > records.size() || length < blank + 2 || records[length - 1] != '\n') {
      return fail(Code::kArchive, "malformed pax header: a record with a wrong length");
    }
    const std::string_view record = records.substr(blank + 1, length - blank - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(Code::kArchive, "malformed pax header: a record without a keyword");
    }
    const std::string_view keyword = record.substr(0, equals);
    if (keyword.find('\0') != std::string_view::npos) return malformed(keyword);
    TRY(apply(keyword, record.substr(equals + 1), header));
    records.remove_prefix(length);
  }
  return {};
}

}  // namespace tinyd::unpack
