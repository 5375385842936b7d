"""What an interactive shell makes of a line when TAB is pressed behind it.

Usage: press_tab.py SHELL SCRIPT LINE...: for each line what stands on the command line then, one a line. SHELL is bash or
zsh; SCRIPT is sourced first. The line is not run: it is turned into the argument of a printf.
"""

import os
import pty
import re
import select
import signal
import sys
import time

DEADLINE = 120
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
PREPARE = {
    "bash": "source %s\n",
    "zsh": "autoload -Uz compinit; compinit -u -D; bindkey -e; setopt no_beep no_list_beep; source %s\n",
}


class Shell:
    def __init__(self, name):
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="$ ", TERM="dumb", LC_ALL="C", HISTFILE="/dev/null", COLUMNS="1000")
            os.execvp(COMMANDS[name][0], COMMANDS[name])

    def prepare(self, name, script):
        self.send(PREPARE[name] % script)
        self.send("printf '<%s>\\n' 'rea''dy'\n")
        self.answer()

    def send(self, text):
        os.write(self.terminal, text.encode())

    def answer(self):
        """The text that a printf has put between < and > at the beginning of a line."""
        end = time.monotonic() + DEADLINE
        while True:
            match = re.search(r"[\r\n]<([^%\r\n][^\r\n]*)>\r", self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match[1]
            if time.monotonic() > end or not select.select([self.terminal], [], [], 1)[0]:
                if time.monotonic() > end:
                    sys.exit("no answer in %d s; seen: %r" % (DEADLINE, self.seen))
                continue
            try:
                self.seen += os.read(self.terminal, 4096).decode(errors="replace")
            except OSError:
                sys.exit("the shell has ended: %r" % self.seen)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)  # a zsh whose terminal has gone may spin for ever
        os.waitpid(self.pid, 0)

    def press_tab(self, line):
        self.send(line + "\t")
        self.send("\x01printf '<%s>\\n' '\x05'\n")
        return self.answer()


def main():
    shell = Shell(sys.argv[1])
    try:
        shell.prepare(sys.argv[1], sys.argv[2])
        for line in sys.argv[3:]:
            print(shell.press_tab(line), flush=True)
    finally:
        shell.end()


main()
