"""`tranche status --watch` on a terminal: a pseudo-terminal, and an emulator of what it has to know.

Called by test_status.sh, with the cluster of $KUBECONFIG. Prints "N passed, N failed" at the end.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

BUILD = sys.argv[1]
DEADLINE = 240
SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")
failures = []
passed = 0


class Terminal:
    """Runs a command on a terminal of its own and knows what its user would see."""

    def __init__(self, arguments, columns=80, rows=24, **environment):
        self.columns, self.rows = columns, rows
        self.main, self.other = [], []  # the lines of the two screens
        self.modes = {"1049": False, "25": True, "7": True}
        self.sequences = []  # all of them, as they came
        self.place = [0, 0]  # row and column of the cursor
        self.pending = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            settings = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"],
                        "KUBECONFIG": os.environ["KUBECONFIG"], "TERM": "xterm",
                        "LANG": "C.UTF-8", **environment}
            os.execve(BUILD + "/tranche", ["tranche", *arguments], settings)
        self.set_size()
        self.status = None

    def set_size(self):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        del self.other[rows:]
        self.set_size()

    def lines(self):
        return self.other if self.modes["1049"] else self.main

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines()).rstrip("\n")

    def put(self, text):
        lines, (row, column) = self.lines(), self.place
        while len(lines) <= row:
            lines.append("")
        for character in text:
            if self.modes["7"] or column < self.columns:
                line = lines[row].ljust(column)
                lines[row] = line[:column] + character + line[column + 1:]
                column += 1
        self.place = [row, column]

    def control(self, private, numbers, letter):
        lines, (row, column) = self.lines(), self.place
        if private:
            self.modes[numbers] = letter == "h"
            if numbers == "1049":
                self.other, self.place = [], [0 if letter == "h" else len(self.main), 0]
        elif letter == "H":
            self.place = [0, 0]
        elif letter == "K" and row < len(lines):
            lines[row] = lines[row][:column]
        elif letter == "J":
            del lines[row + 1:]
            if row < len(lines):
                lines[row] = lines[row][:column]
        elif letter != "m":
            raise AssertionError("an unknown sequence: " + letter)

    def feed(self, data):
        data = self.pending + data
        while data:
            match = SEQUENCE.match(data)
            if match:
                parts = [part.decode() for part in match.groups()]
                self.sequences.append("".join(parts))
                self.control(*parts)
                data = data[match.end():]
            elif data[:1] == b"\x1b":
                break
            elif data[:1] == b"\r":
                self.place[1], data = 0, data[1:]
            elif data[:1] == b"\n":
                self.place[0], data = self.place[0] + 1, data[1:]
                while len(self.lines()) <= self.place[0]:
                    self.lines().append("")
            else:
                plain = re.match(rb"[^\x1b\r\n]+", data).group()
                try:
                    text = plain.decode()
                except UnicodeDecodeError:
                    break
                self.put(text)
                data = data[len(plain):]
        self.pending = data

    def read(self, timeout):
        """Reads what comes within that time; False at the end."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.feed(data)
        return bool(data)

    def wait(self, what):
        """Until `what`, a function or a text of the screen, holds."""
        end = time.monotonic() + DEADLINE
        holds = what if callable(what) else lambda: what in self.text()
        while not holds() and time.monotonic() < end and self.read(0.1):
            pass
        return holds()

    def end(self, number=signal.SIGINT):
        """Ends it by a signal; its exit status."""
        os.kill(self.pid, number)
        while self.read(DEADLINE):
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return self.status


def check(what, holds, seen=None):
    global passed
    if holds:
        passed += 1
    else:
        failures.append(what)
        print(f"FAILED: {what}\n{seen if seen is not None else ''}")


def kubectl(*arguments, text=None):
    subprocess.run(["kubectl", *arguments], input=text, text=True, check=True,
                   stdout=subprocess.DEVNULL)


def statefulset(replicas, partition, image):
    labels = {"app": "screen"}
    return json.dumps({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "screen"},
        "spec": {"replicas": replicas, "serviceName": "screen", "podManagementPolicy": "Parallel",
                 "selector": {"matchLabels": labels},
                 "updateStrategy": {"rollingUpdate": {"partition": partition}},
                 "template": {"metadata": {"labels": labels},
                              "spec": {"containers": [{"name": "c", "image": image}]}}}})


def apply(*arguments):
    kubectl("apply", "-f", "-", text=statefulset(*arguments))


CANARY = """\
NAME    PHASE   READY  UPDATED  PARTITION
screen  Canary  3/3    1/3      2
  2 runs nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition 1 would
  take screen-1
  pods               0 1 \u2502 2+
  images    nginx:1.25.4 \u2502 nginx:1.26.1
  progress  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2591\u2591\u2591\u2591\u2591\u2591\
\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591  1/3 promoted

+ updated"""


def test_draws_anew():
    apply(3, 2, "nginx:1.25.4")
    terminal = Terminal(["status", "--watch"])
    check("complete", terminal.wait("all 3 Pods run nginx:1.25.4"), terminal.text())
    check("on the other screen", terminal.modes == {"1049": True, "25": False, "7": False},
          terminal.modes)
    apply(3, 2, "nginx:1.26.1")
    check("the canary", terminal.wait(lambda: terminal.text() == CANARY), terminal.text())
    check("in colour", "1m" in terminal.sequences)
    check("never cleared as a whole", "2J" not in terminal.sequences)
    terminal.resize(40, 24)
    check("a narrow terminal", terminal.wait("\n  2 runs nginx:1.26.1, partition 2 holds\n"),
          terminal.text())
    terminal.resize(80, 6)
    check("a low one", terminal.wait("... 4 more lines than this terminal has"), terminal.text())
    check("no more lines than it has", len(terminal.lines()) <= 6, terminal.text())
    terminal.resize(80, 24)
    check("as before", terminal.wait(lambda: terminal.text() == CANARY), terminal.text())
    check("interrupted: exit status", terminal.end() == 0, terminal.status)
    check("the terminal is as it was",
          terminal.modes == {"1049": False, "25": True, "7": True}, terminal.modes)
    check("what stood there at last stays", terminal.text() == CANARY, terminal.text())


def test_stopped_and_continued():
    terminal = Terminal(["status", "--watch"], NO_COLOR="1", LANG="C")
    check("drawn", terminal.wait("1/3 promoted"), terminal.text())
    check("no colour", not [one for one in terminal.sequences if one.endswith("m")])
    check("ASCII where the locale is", "[########" in terminal.text(), terminal.text())
    os.kill(terminal.pid, signal.SIGTSTP)
    check("the terminal is given back", terminal.wait(lambda: not terminal.modes["1049"]))
    _, status = os.waitpid(terminal.pid, os.WUNTRACED)
    check("it stops", os.WIFSTOPPED(status), status)
    os.kill(terminal.pid, signal.SIGCONT)
    check("it goes on", terminal.wait("1/3 promoted"), terminal.text())
    check("terminated: exit status", terminal.end(signal.SIGTERM) == 0, terminal.status)
    check("the terminal is as it was", terminal.modes["25"] and not terminal.modes["1049"])


def test_many_pods():
    kubectl("delete", "statefulset", "screen")
    kubectl("delete", "pods", "--all")
    apply(300, 290, "nginx:1.25.4")
    terminal = Terminal(["status", "--watch"], columns=200, rows=50)
    check("300 Pods", terminal.wait("0..289 \u2502 290..299"), terminal.text())
    apply(300, 290, "nginx:1.26.1")
    check("a canary of ten", terminal.wait("0..289 \u2502 290..299+"), terminal.text())
    kubectl("delete", "statefulset", "screen")
    check("none left", terminal.wait("no StatefulSets"), terminal.text())
    terminal.end()


def test_json_is_not_drawn():
    apply(1, 0, "nginx:1.25.4")
    terminal = Terminal(["status", "--watch", "-o", "json"], columns=1000, rows=1000)
    check("JSON", terminal.wait('"phase": "Complete"'), terminal.text())
    check("without control sequences", not terminal.sequences, terminal.sequences)
    check("interrupted: exit status", terminal.end() == 0, terminal.status)


test_draws_anew()
test_stopped_and_continued()
test_many_pods()
test_json_is_not_drawn()
print(f"{passed} passed, {len(failures)} failed")
sys.exit(bool(failures))
