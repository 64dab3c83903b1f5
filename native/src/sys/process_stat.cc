#include "sys/process_stat.h"

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys/fd.h"
#include "sys/result.h"

namespace tinyd {

std::optional<ProcessStat> readProcessStat(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  Fd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  char text[1024];
  ssize_t length = retryInterrupted([&] { return read(file.get(), text, sizeof text - 1); });
  if (length <= 0) return std::nullopt;
  text[length] = '\0';
  // The command name may hold spaces and brackets: fields are counted from the last bracket, which ends
  // field 2.
  const char* at = strrchr(text, ')');
  if (at == nullptr || at[1] != ' ') return std::nullopt;
  const char state = at[2];
  for (int field = 2; at != nullptr && field < 22; field++) at = strchr(at + 1, ' ');
  if (at == nullptr) return std::nullopt;
  return ProcessStat{.state = state, .startTicks = strtoull(at + 1, nullptr, 10)};
}

}  // namespace tinyd
