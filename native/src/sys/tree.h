#pragma once
#include <string>
#include <vector>

#include "sys/fd.h"
#include "sys/files.h"
#include "sys/result.h"

namespace tinyd {

/*
 * Files of a tree that somebody else may be changing: each is opened once, and what follows acts on the
 * descriptor.
 */

/** Opens `path` as a process whose root is `root` would; no link leads out of it, magic links are refused. */
Result<Fd> openBelow(int root, const std::string& path, int flags, unsigned mode);

/** The text of the symbolic link that an O_PATH descriptor refers to. */
Result<std::string> readLinkOf(int link);

/** Makes a device or a fifo named `name` in a folder. */
Result<Done> makeNode(int folder, const std::string& name, unsigned mode, unsigned major, unsigned minor);

/** All extended attributes of what a descriptor, O_PATH ones included, refers to. */
Result<std::vector<Xattr>> listXattrsOf(int file);

/** Sets one of them. */
Result<Done> setXattrOf(int file, const std::string& name, const void* value, size_t length);

/** A message from a socket, with the descriptor that came along, if one did. */
struct Received {
  Fd descriptor;
  std::string message;
};

/** Waits for one message (at most 4 KiB) that may carry a descriptor. Empty when the sender closed silently.
 */
Result<Received> receiveDescriptor(int socket);

}  // namespace tinyd
