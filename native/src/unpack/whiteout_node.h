#pragma once
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace tinyd::unpack {

/** How overlayfs marks a name that is gone: a character device 0:0 (Documentation/filesystems/overlayfs.rst).
 */
inline bool isWhiteoutNode(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

}  // namespace tinyd::unpack
