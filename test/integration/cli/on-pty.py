"""Runs a command on a pseudo-terminal: on-pty.py COLUMNS ROWS COMMAND...

What it prints goes to stdout as it is. Lines on stdin steer it: `type HEX` types bytes, `size COLUMNS
ROWS` resizes. The exit code is the command's, 128 + N if a signal ended it.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(fd, line):
    words = line.split()
    if words[0] == "type":
        os.write(fd, bytes.fromhex(words[1]))
    elif words[0] == "size":
        resize(fd, int(words[1]), int(words[2]))


def main():
    columns, rows = int(sys.argv[1]), int(sys.argv[2])
    pid, fd = pty.fork()
    if pid == 0:
        resize(0, columns, rows)
        os.execvp(sys.argv[3], sys.argv[3:])
    pending = b""
    sources = [fd, 0]
    while fd in sources:
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            data = os.read(0, 4096)
            if not data:
                sources.remove(0)
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                obey(fd, line.decode())
        if fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                sources.remove(fd)
            os.write(1, data)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
