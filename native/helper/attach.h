#ifndef TINYD_ATTACH_H
#define TINYD_ATTACH_H

/**
 * The attach client, `tinyd-init attach [options]`; takes the place of the command that the user has started.
 *
 *   --socket PATH        the monitor's socket; without it: connected already, descriptor 5
 *   --stdin              passes stdin on
 *   --stdout, --stderr   shows that stream
 *   --tty                stdin is a terminal: raw mode, and the window's size is passed on
 *   --redraw             changes the size for a moment, so that a full-screen program paints itself anew
 *   --detach-keys HEX    input bytes that detach; without it nothing does
 *   --sig-proxy          passes signals on to the container's process
 *
 * Ends with the container's status; with 0 and "read escape sequence" on stderr when detached; with 1 and a
 * message when the monitor has vanished. Died by a signal itself: ends by that signal.
 */
int attach_main(int argc, char** argv);

#endif
