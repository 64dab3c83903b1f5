#ifndef TINYD_IN_ROOT_H
#define TINYD_IN_ROOT_H
#include <stdint.h>
#include <sys/types.h>

/*
 * Paths of an image or a container, resolved by the kernel as the container would see them: links lead
 * nowhere outside `root`, /proc's magic links are refused. All that follows acts on the descriptor, never on
 * the path again.
 */

enum in_root_kind { IN_ROOT_FILE, IN_ROOT_FOLDER };

/** Opens what is there. `flags` as for open(2), `resolve` RESOLVE_* to add. -1 with errno set on failure. */
int in_root_open(int root, const char* path, int flags, uint64_t resolve);

/**
 * An O_PATH descriptor of `path`, which is made first when it is missing: folders 0755, the last part as
 * `kind` says (an empty file 0644). Dangling symbolic links are followed inside the root.
 */
int in_root_make(int root, const char* path, enum in_root_kind kind);

/** O_PATH descriptor of the folder that holds `path`, made when missing; `name` receives the last part of
 * `path`. */
int in_root_make_parent(int root, const char* path, const char** name);

#endif
