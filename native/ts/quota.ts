import { sys } from './sys';

/**
 * Project quotas: what all files below some folders may take up together (quotactl_fd(2), Linux 5.14; ext4 and xfs). The
 * file system is that of the descriptor. Project numbers are 31 bits.
 */

/** Whether a file system counts the files of projects, and holds them to their limits. */
export function projectQuotaState(file: number): { readonly counts: boolean; readonly limits: boolean } {
  return sys().projectQuotaState(file);
}

/** A project's limit (0: none) and what it takes up. Fails with ENOENT on xfs when nothing is known of the project. */
export function projectQuota(
  file: number,
  project: number,
): { readonly limitBytes: number; readonly usedBytes: number } {
  return sys().projectQuota(file, project);
}

/** Limits what the files of a project take up, in steps of 1 KiB; 0 takes the limit away. */
export function setProjectQuota(file: number, project: number, bytes: number): void {
  sys().setProjectQuota(file, project, BigInt(bytes));
}

/** Gives a folder to a project, and all that will be made in it. What is in it already stays where it is. */
export function setProject(folder: number, project: number): void {
  sys().setProject(folder, project);
}
