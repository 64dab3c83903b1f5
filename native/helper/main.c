#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "connect.h"
#include "monitor.h"
#include "thaw.h"
#include "view.h"

int main(int argc, char** argv) {
  if (argc >= 2 && strcmp(argv[1], "monitor") == 0) return monitor_main();
  if (argc >= 2 && strcmp(argv[1], "attach") == 0) return attach_main(argc, argv);
  if (argc >= 2 && strcmp(argv[1], "connect") == 0) return connect_main();
  if (argc >= 2 && strcmp(argv[1], "view") == 0) return view_main();
  if (argc == 3 && strcmp(argv[1], "thaw") == 0) return thaw_main(argv[2]);
  fputs("tinyd-init is started by tinyd: it takes a plan on descriptor 3\n", stderr);
  return 2;
}
