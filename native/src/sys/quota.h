#pragma once
#include <cstdint>

#include "sys/result.h"

namespace tinyd {

/*
 * Project quotas (quotactl(2), xfsctl(3)): what all files below some folders may take up together. The file
 * system is told by a descriptor of any file on it, so that its device is not looked for (quotactl_fd(2),
 * Linux 5.14).
 */

/** Whether a file system counts the files of projects, and holds them to their limits. */
struct QuotaState {
  bool counts = false;
  bool limits = false;
};
Result<QuotaState> projectQuotaState(int file);

/** Bytes; 0: no limit. */
struct ProjectQuota {
  uint64_t limit = 0;
  uint64_t used = 0;
};
Result<ProjectQuota> projectQuota(int file, uint32_t project);

/** Limits what the files of a project take up; the kernel counts in blocks of 1 KiB. 0 takes the limit away.
 */
Result<Done> setProjectQuota(int file, uint32_t project, uint64_t bytes);

/** Gives a folder to a project, and all that will be made in it. */
Result<Done> setProject(int folder, uint32_t project);

}  // namespace tinyd
