#pragma once
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace tinyd::unpack {

/** How overlayfs marks a name that is gone: a character device 0:0 (Documentation/filesystems/overlayfs.rst).
 */
inline bool isWhiteoutNode(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

/** Whose namespace overlayfs keeps its own attributes in: `trusted` as root, `user` where rootless. */
enum class OverlayXattr { kTrusted, kUser };

/** The attribute that marks a folder as hiding all that lower layers have in it; its value is `y`. */
inline const char* opaqueXattr(OverlayXattr overlay) {
  return overlay == OverlayXattr::kTrusted ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

}  // namespace tinyd::unpack
