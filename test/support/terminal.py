"""Runs a command on a terminal of its own: copies both ways, resizes on request, exits with the command's status.

terminal.py ROWS COLUMNS COMMAND [ARG...]; descriptor 3 takes lines "ROWS COLUMNS".
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    rows, columns = int(sys.argv[1]), int(sys.argv[2])
    pid, terminal = pty.fork()
    if pid == 0:
        # The size must stand before the command looks at it.
        resize(0, rows, columns)
        os.execvp(sys.argv[3], sys.argv[3:])
    resize(terminal, rows, columns)
    sources = [terminal, 0, 3]
    while terminal in sources:
        ready, _, _ = select.select(sources, [], [])
        if terminal in ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b""
            if not data:
                break
            os.write(1, data)
        if 0 in ready:
            data = os.read(0, 65536)
            if data:
                os.write(terminal, data)
            else:
                sources.remove(0)
        if 3 in ready:
            line = os.read(3, 4096)
            if not line:
                sources.remove(3)
                continue
            new_rows, new_columns = line.split()[-2:]
            resize(terminal, int(new_rows), int(new_columns))
            os.killpg(os.tcgetpgrp(terminal), signal.SIGWINCH)
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


main()
