#include "sys/quota.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tinyd {
namespace {

constexpr uint64_t kBlock = 1024;

/** quotactl_fd(2), which this libc has no name for. */
long control(int file, int command, uint32_t project, void* argument) {
  return syscall(SYS_quotactl_fd, file, QCMD(static_cast<unsigned>(command), PRJQUOTA), project, argument);
}

}  // namespace

Result<QuotaState> projectQuotaState(int file) {
  struct fs_quota_stat state = {};
  state.qs_version = FS_QSTAT_VERSION;
  if (control(file, Q_XGETQSTAT, 0, &state) == -1) return lastFailure("quotactl_fd");
  return QuotaState{(state.qs_flags & FS_QUOTA_PDQ_ACCT) != 0, (state.qs_flags & FS_QUOTA_PDQ_ENFD) != 0};
}

Result<ProjectQuota> projectQuota(int file, uint32_t project) {
  struct if_dqblk quota = {};
  if (control(file, Q_GETQUOTA, project, &quota) == -1) return lastFailure("quotactl_fd");
  return ProjectQuota{quota.dqb_bhardlimit * kBlock, quota.dqb_curspace};
}

Result<Done> setProjectQuota(int file, uint32_t project, uint64_t bytes) {
  struct if_dqblk quota = {};
  quota.dqb_bhardlimit = bytes / kBlock + (bytes % kBlock == 0 ? 0 : 1);
  quota.dqb_valid = QIF_BLIMITS;
  if (control(file, Q_SETQUOTA, project, &quota) == -1) return lastFailure("quotactl_fd");
  return Done{};
}

Result<Done> setProject(int folder, uint32_t project) {
  struct fsxattr attributes = {};
  if (ioctl(folder, FS_IOC_FSGETXATTR, &attributes) == -1) return lastFailure("ioctl(FS_IOC_FSGETXATTR)");
  attributes.fsx_projid = project;
  attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
  if (ioctl(folder, FS_IOC_FSSETXATTR, &attributes) == -1) return lastFailure("ioctl(FS_IOC_FSSETXATTR)");
  return Done{};
}

}  // namespace tinyd
