#ifndef TINYD_REMOVE_TREE_H
#define TINYD_REMOVE_TREE_H
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Deletes a file, or a folder and all below it, by descriptors, never following a symbolic link in `path`'s
 * last part or below it. A mount in the way is not entered: EXDEV (or EBUSY), with nothing behind it touched.
 * Missing: success.
 *
 * Uses at most 64 descriptors however deep the tree is. Returns -1 with errno set on failure.
 */
int remove_tree(int parent, const char* path);

#ifdef __cplusplus
}
#endif
#endif
