#include "unpack/layer_path.h"

#include <algorithm>

namespace tinyd::unpack {

namespace {

constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kMetadataPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq";

}  // namespace

Status normalise(std::string_view name, std::string* path) {
  path->clear();
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      if (!path->empty()) *path += '/';
      *path += part;
      continue;
    }
    if (path->empty()) {
      return fail(Code::kEscape, "tar member " + quoted(std::string(name)) + " points outside of the layer");
    }
    path->resize(parentOf(*path).size());
  }
  return {};
}

std::string_view parentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view nameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  std::string path(directory);
  path += '/';
  path += name;
  return path;
}

Status classify(const std::string& path, NameKind* kind, std::string* target) {
  *kind = NameKind::kPlain;
  if (path.find(kWhiteoutPrefix) == std::string::npos) return {};
  const std::string_view name = nameOf(path);
  for (std::string_view rest = path; !rest.empty(); rest = parentOf(rest)) {
    const std::string_view part = nameOf(rest);
    const bool isLast = rest.size() == path.size();
    if (part == kOpaqueName && isLast) {
      *kind = NameKind::kOpaque;
    } else if (part.starts_with(kMetadataPrefix)) {
      *kind = NameKind::kMetadata;
      return {};
    } else if (part.starts_with(kWhiteoutPrefix)) {
      if (!isLast) return fail(Code::kArchive, "tar member " + quoted(path) + " lies below a whiteout");
      *kind = NameKind::kWhiteout;
    }
  }
  if (*kind != NameKind::kWhiteout) return {};
  const std::string_view hidden = name.substr(kWhiteoutPrefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    return fail(Code::kArchive, "whiteout " + quoted(path) + " hides no name");
  }
  *target = join(parentOf(path), hidden);
  return {};
}

}  // namespace tinyd::unpack
