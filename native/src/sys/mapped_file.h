#pragma once
#include <cstddef>

#include "sys/result.h"

namespace tinyd {

/** A file's content in memory, for as long as the process lives: the kernel's own pages, neither read nor
 * copied. */
struct MappedFile {
  char* start;
  size_t length;
};

/**
 * Maps a whole file for reading. It must never be changed in place: touching what was cut off raises SIGBUS.
 *
 * @param populate whether all of it is going to be read, and is brought at once
 */
Result<MappedFile> mapFile(int fd, bool populate);

}  // namespace tinyd
