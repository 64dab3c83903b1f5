#ifndef TINYD_ATTACH_H
#define TINYD_ATTACH_H

/** The attach client, `tinyd-init attach [options]`. */
int attach_main(int argc, char** argv);

#endif
