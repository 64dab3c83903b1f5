#include "sys/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace tinyd {

Result<MappedFile> mapFile(int fd, bool populate) {
  struct stat info;
  if (fstat(fd, &info) == -1) return lastFailure("fstat");
  size_t length = static_cast<size_t>(info.st_size);
  void* start = mmap(nullptr, length, PROT_READ, MAP_PRIVATE | (populate ? MAP_POPULATE : 0), fd, 0);
  if (start == MAP_FAILED) return lastFailure("mmap");
  return MappedFile{static_cast<char*>(start), length};
}

}  // namespace tinyd
