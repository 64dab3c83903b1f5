#pragma once
#include "unpack/layer_records.h"
#include "unpack/layer_tree.h"
#include "unpack/overlay_marks.h"

namespace tinyd::unpack {

/** Fails when an archive tries to set what only the store may: overlayfs' own attributes. */
Status checkXattrs(const Entry& entry, const std::string& path);

/** Owner, mode, attributes and times of a file that has been written, through its descriptor. */
Status finishFile(int fd, const Entry& entry, const std::string& path);

/** The same for what cannot be opened: symbolic links, devices, fifos. Nothing is followed. */
Status finishNode(const Place& place, const Entry& entry);

/** The same for a folder. */
Status finishDirectory(int fd, const DirectoryRecord& record, OverlayXattr overlay, const std::string& path);

}  // namespace tinyd::unpack
