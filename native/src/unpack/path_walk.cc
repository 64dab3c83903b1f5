#include "unpack/path_walk.h"

#include <unistd.h>

#include <algorithm>

#include "unpack/layer_path.h"

namespace tinyd::unpack {

void PathWalk::push(std::string_view path) {
  const auto first = static_cast<std::ptrdiff_t>(rest_.size());
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") rest_.emplace_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  std::reverse(rest_.begin() + first, rest_.end());
}

bool PathWalk::next(std::string* name) {
  if (rest_.empty()) return false;
  *name = std::move(rest_.back());
  rest_.pop_back();
  return true;
}

Status PathWalk::follow(int directory, const std::string& name, const std::string& shown, bool* isAbsolute) {
  constexpr int kMaxLinks = 40;
  if (++links_ > kMaxLinks) {
    return fail(Code::kArchive, "too many symbolic links on the way to " + quoted(shown));
  }
  std::string target(kMaxPath + 1, '\0');
  const ssize_t length = readlinkat(directory, name.c_str(), target.data(), target.size());
  if (length == -1) return failedCall("readlinkat", shown);
  target.resize(static_cast<size_t>(length));
  *isAbsolute = target.starts_with('/');
  push(target);
  return {};
}

}  // namespace tinyd::unpack
