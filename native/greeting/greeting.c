// The program of the demonstration image: says from inside what tinyd made for it.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void print_addresses(void) {
  struct ifaddrs* list = NULL;
  int shown = 0;
  if (getifaddrs(&list) == 0) {
    for (const struct ifaddrs* each = list; each != NULL; each = each->ifa_next) {
      if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET) continue;
      if (each->ifa_flags & IFF_LOOPBACK) continue;
      char text[INET_ADDRSTRLEN];
      struct sockaddr_in address;
      memcpy(&address, each->ifa_addr, sizeof address);
      if (inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) == NULL) continue;
      printf("  address    %s on %s\n", text, each->ifa_name);
      shown++;
    }
    freeifaddrs(list);
  }
  if (shown == 0) printf("  address    none but loopback\n");
}

static void print_cgroups(void) {
  FILE* file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) {
    printf("  cgroup     unknown\n");
    return;
  }
  char line[512];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    // Lines read "<id>:<controllers>:<path>" (cgroups(7)); the memory controller, or the unified hierarchy,
    // stands for all.
    const char* controllers = strchr(line, ':');
    const char* path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (path == NULL) continue;
    const int unified = strncmp(line, "0::", 3) == 0;
    if (unified || strstr(line, ":memory:") != NULL) {
      printf("  cgroup     %s%s\n", path + 1, unified ? "" : " (memory, v1)");
      if (!unified) break;
    }
  }
  fclose(file);
}

int main(void) {
  struct utsname host;
  if (uname(&host) != 0) {
    perror("uname");
    return 1;
  }
  printf("Hello from a tinyd container!\n");
  printf("  host name  %s\n", host.nodename);
  printf("  PID        %d\n", (int)getpid());
  print_addresses();
  print_cgroups();
  printf("  kernel     %s\n", host.release);
  return fflush(stdout) == 0 ? 0 : 1;
}
