#pragma once

namespace tinyd {

/**
 * Starts a process that shares this one's memory until this one has become another program or has ended.
 *
 * The kernel takes milliseconds to give back the memory of a node, and execve(2) and exit_group(2) wait for
 * that unless somebody else still uses it: then it is the last user's end that takes the time, and nobody
 * waits for the keeper. It holds none of our descriptors and folders, takes no signals, and is no child of
 * ours. Where there cannot be one, nothing is lost but that time.
 */
void keepMemoryAside();

}  // namespace tinyd
