#include "unpack/layer_records.h"

#include "unpack/layer_path.h"

namespace tinyd::unpack {

namespace {

/** Roughly what a tree node and its strings cost beside the path itself. */
constexpr size_t kNodeBytes = 192;

template <typename Tree>
void eraseWithChildren(Tree* tree, const std::string& path) {
  if (tree->empty()) return;
  tree->erase(path);
  // '0' is the byte after '/': everything between the two lies below the path.
  tree->erase(tree->lower_bound(path + '/'), tree->lower_bound(path + '0'));
}

}  // namespace

LayerRecords::LayerRecords() {
  directories_.emplace();
}

Status LayerRecords::charge(size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= kMaxBytes) return {};
  return fail(Code::kLimit,
              "the layer has more folders, whiteouts and links than 64 MiB of memory can describe");
}

Status LayerRecords::directory(const std::string& path, DirectoryRecord** record) {
  const auto [at, isNew] = directories_.try_emplace(path);
  *record = &at->second;
  return isNew ? charge(path.size() + kNodeBytes) : Status();
}

Status LayerRecords::addWhiteout(const std::string& path) {
  return whiteouts_.insert(path).second ? charge(path.size() + kNodeBytes) : Status();
}

Status LayerRecords::addPendingLink(const std::string& path, std::string target) {
  const size_t bytes = path.size() + target.size() + kNodeBytes;
  pendingLinks_[path] = {linksSeen_++, std::move(target)};
  return charge(bytes);
}

bool LayerRecords::isBelowOpaque(std::string_view directory) const {
  for (;; directory = parentOf(directory)) {
    const auto at = directories_.find(std::string(directory));
    if (at != directories_.end() && at->second.isOpaque) return true;
    if (directory.empty()) return false;
  }
}

void LayerRecords::forget(const std::string& path) {
  eraseWithChildren(&directories_, path);
  eraseWithChildren(&whiteouts_, path);
  eraseWithChildren(&pendingLinks_, path);
}

}  // namespace tinyd::unpack
