"""Runs a command on a terminal of its own, shows what it shows, and presses Ctrl-C each time that it shows a text.

terminal.py COLUMNS ROWS TEXT COMMAND...
"""
import fcntl
import os
import pty
import struct
import sys
import termios

columns, rows, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
child, terminal = pty.fork()
if child == 0:
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execvp(sys.argv[4], sys.argv[4:])
seen = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    os.write(1, part)
    seen += part
    while text in seen:
        seen = seen.split(text, 1)[1]
        os.write(terminal, b"\x03")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
