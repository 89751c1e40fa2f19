"""Runs a command and tells the most memory that it held, as the kernel counted it: peak_memory.py FILE COMMAND...

Writes KiB to FILE and ends with the command's exit code. A process of its own, started as small as Python can be, because the
kernel counts the memory of the process that starts another one as held by the other, too.
"""

import os
import sys

result, *command = sys.argv[1:]
pid = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
with open(result, "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
