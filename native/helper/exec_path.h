#ifndef TINYD_EXEC_PATH_H
#define TINYD_EXEC_PATH_H

/**
 * Where a program is: `name` itself when it holds a slash, else the first executable file of that name in the
 * PATH of `environment`. Writes it to `path` (PATH_MAX bytes). 0, or the errno that says why there is none:
 * ENOENT not found, EACCES not executable, EISDIR a folder.
 */
int exec_path_find(const char* name, char* const* environment, char* path);

#endif
