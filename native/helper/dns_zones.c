#include "dns_zones.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_ZONES 64
#define FILE_MOST 65536
#define ZONE_MOST (1u << 20)

struct zone {
  char* folder;
  struct file_stamp stamp;
  char* hosts;
  size_t length;
};

static struct {
  unsigned count;
  struct zone all[MOST_ZONES];
} zones;

void dns_zones_clear(void) {
  for (unsigned i = 0; i < zones.count; i++) {
    free(zones.all[i].folder);
    free(zones.all[i].hosts);
    zones.all[i] = (struct zone){0};
  }
  zones.count = 0;
}

void dns_zones_add(struct text folder) {
  if (zones.count == MOST_ZONES || text_length(folder) == 0) return;
  char* path = strndup(folder.at, text_length(folder));
  if (path != NULL) zones.all[zones.count++].folder = path;
}

/** Appends one file and a newline to the zone; -1 when memory or room is short, or the file is none of ours.
 */
static int append_file(struct zone* zone, int dir, const char* name) {
  struct stat info;
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd == -1) return -1;
  bool usable = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < FILE_MOST;
  size_t size = usable ? (size_t)info.st_size : 0;
  char* grown = NULL;
  if (usable && zone->length + size + 1 <= ZONE_MOST) grown = realloc(zone->hosts, zone->length + size + 1);
  if (grown != NULL) {
    zone->hosts = grown;
    ssize_t got = read(fd, grown + zone->length, size);
    if (got > 0) zone->length += (size_t)got;
    zone->hosts[zone->length++] = '\n';
  }
  close(fd);
  return grown != NULL ? 0 : -1;
}

static void read_zone(struct zone* zone) {
  free(zone->hosts);
  zone->hosts = NULL;
  zone->length = 0;
  DIR* folder = opendir(zone->folder);
  if (folder == NULL) return;
  for (struct dirent* entry; (entry = readdir(folder)) != NULL;) {
    // An ID has no dot; what is being written has one, and so have the two links of every folder.
    if (strchr(entry->d_name, '.') == NULL) append_file(zone, dirfd(folder), entry->d_name);
  }
  closedir(folder);
}

bool dns_zone(unsigned n, struct text* hosts) {
  if (n >= zones.count) return false;
  struct zone* zone = &zones.all[n];
  struct stat now = {0};
  if (stat(zone->folder, &now) == -1) now = (struct stat){0};
  if (file_stamp_renew(&zone->stamp, &now)) read_zone(zone);
  *hosts =
      zone->hosts == NULL ? (struct text){"", ""} : (struct text){zone->hosts, zone->hosts + zone->length};
  return true;
}
