#pragma once
#include <string>
#include <vector>

#include "sys/fd.h"
#include "sys/result.h"

namespace tinyd {

/** syncfs(2). */
Result<Done> syncFileSystem(int fd);

/** Deletes a folder and what is below it; see helper/remove_tree.h. */
Result<Done> removeTree(const std::string& path);

struct Xattr {
  std::string name;
  std::string value;
};

/** All extended attributes of a file. One that vanishes while being read is left out. */
Result<std::vector<Xattr>> listXattrs(const std::string& path, bool follow = false);

/** Opens for reading as the tree below `root` sees it; links cannot lead out of it, a fifo does not block. */
Result<Fd> openInRoot(const std::string& root, const std::string& path);

/** Reads `name` in an open folder into `content`, whose memory is used again; false where there is no such
 * file. */
Result<bool> readFileIn(int folder, const std::string& name, std::string& content);

/**
 * What tells one version of a file that is only ever replaced from another, as text: `seconds.nanoseconds` of
 * its last change, inode, size. Empty where there is no such file.
 */
Result<std::string> identify(int folder, const std::string& name);

/** A sealed file in memory that holds `content`. */
Result<Fd> memoryFile(const std::string& name, const void* content, size_t length);

}  // namespace tinyd
