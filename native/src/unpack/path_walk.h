#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "unpack/status.h"

namespace tinyd::unpack {

/** The components of a path that are still to be walked; following a symbolic link puts its target in front.
 */
class PathWalk {
 public:
  explicit PathWalk(std::string_view path) {
    push(path);
  }

  /** Takes the next component: never empty and never `.`, but perhaps `..`. False at the end. */
  bool next(std::string* name);
  bool atEnd() const {
    return rest_.empty();
  }

  /**
   * Follows the link `name` in the folder `directory`; an empty name follows the link that `directory` itself
   * is open on. Fails with ARCHIVE after 40 links, the kernel's own limit. `shown` is the path for messages.
   */
  Status follow(int directory, const std::string& name, const std::string& shown, bool* isAbsolute);

 private:
  void push(std::string_view path);

  /** Last one first. */
  std::vector<std::string> rest_;
  int links_ = 0;
};

}  // namespace tinyd::unpack
