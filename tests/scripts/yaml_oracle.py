"""yaml_oracle.py YAML2JSON DATA [SEED [TIMES]]: holds the YAML room against kubectl.

`kubectl label --local` reads files without a cluster and prints what it read. Every case is a file
of its own in one folder, so that one call of kubectl serves them all: what it prints is told apart
by the objects' names, what it refuses by the file names in its messages.

Another SEED generates other documents, TIMES as many of them: for a long look now and then.
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile

SEED = 20240229
GENERATED_DOCUMENTS = 300
MUTATED_VALUES = 900
MUTATED_FILES = 300
SHOWN_FAILURES = 25

# What kubectl's own YAML printer cannot write, because it reads JSON as YAML on the way.
UNPRINTABLE = re.compile("[\x7f-\x9f\ufffe\uffff]")


class Number(str):
    """A number as it was spelt: 1 and 1.0 differ."""


class Case:
    def __init__(self, name, text, source):
        self.name = name  # of its file, and the beginning of its objects' names
        self.text = text  # bytes
        self.source = source  # as the data file or a message shows it


# --- cases ----------------------------------------------------------------------------------------


def unescape(text):
    """Pictures of control characters to the characters, ⟨HEX⟩ to the code point."""
    text = re.sub("⟨([0-9A-F]{1,5})⟩", lambda m: chr(int(m.group(1), 16)), text)
    text = text.replace("\u2421", "\x7f")
    return re.sub("[\u2400-\u241f]", lambda m: chr(ord(m.group(0)) - 0x2400), text)


def head(name, count=1):
    return "apiVersion: o/v1\nkind: O\nmetadata: {name: %s-%d}\n" % (name, count)


def value_case(name, fragment):
    text = head(name) + "v: " + unescape(fragment) + "\n"
    return Case(name, text.encode("utf-8", "surrogatepass"), "value " + fragment)


def read_values(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    # A comment is a line that begins with "# "; "#a" is a value.
    return [line for line in lines if line and not line.startswith("# ")]


def encode(text, encoding):
    if encoding == "utf-16-odd":
        return b"\xff\xfe" + text.encode("utf-16-le") + b"\x41"
    if encoding == "utf-16-surrogate":
        return b"\xff\xfe" + text.encode("utf-16-le") + b"# \x3d\xd8\n\0".replace(b"# ", b"#\0 \0")
    if encoding == "cut":
        return text.encode("utf-8")[:-1]
    if encoding.startswith("utf-16"):
        return "\ufeff".encode(encoding) + text.encode(encoding)
    return text.encode(encoding)


def read_files(path):
    """The whole files, as their name, encoding and text."""
    with open(path, encoding="utf-8", newline="\n") as file:
        parts = re.split("^== (.*)\n", file.read(), flags=re.M)
    for title, text in zip(parts[1::2], parts[2::2]):
        name, _, encoding = title.partition(" ")
        yield name, encoding or "utf-8", text[:-1]


def file_case(name, encoding, text, source):
    count = 0

    def expand(match):
        nonlocal count
        count += 1
        if match.group(0) == "@H":
            return head(name, count)[:-1]
        return '"apiVersion":"o/v1","kind":"O","metadata":{"name":"%s-%d"}' % (name, count)

    return Case(name, encode(unescape(re.sub("@[HJ]", expand, text)), encoding), source)


class Generator:
    """Documents from a fixed seed; only random() is used, which Python promises not to change."""

    def __init__(self, seed, values):
        self.random = random.Random(seed).random
        self.values = values
        self.anchors = []

    def below(self, limit):
        return int(self.random() * limit)

    def pick(self, items):
        return items[self.below(len(items))]

    def mutation(self):
        """A value of the list with a few characters changed."""
        text = self.pick(self.values)
        alphabet = "␊␉  ,:?-&*!|>'\"%@`[]{}#~<=_.0123456789abeEfnoxyNYaé\\😀" + text
        for _ in range(1 + self.below(3)):
            at = self.below(len(text) + 1)
            choice = self.below(4)
            if choice == 0:
                text = text[:at] + self.pick(alphabet) + text[at:]
            elif choice == 1:
                text = text[:at] + text[at + 1 :]
            elif choice == 2:
                text = text[:at] + self.pick(alphabet) + text[at + 1 :]
            else:
                text = text[:at] + self.pick(self.values)[: self.below(8)] + text[at:]
        return text

    def mutated_file(self, files):
        """A file of the list with a few lines and characters changed, but not its heads."""
        parts = re.split("(@[HJ])", self.pick(files))
        pieces = ["\n---\n", "\n---\n@H\n", "---", "\n...\n", "--- # c", "@J", "{@J}", "\n", "␍", "␉", "#", "{", "}",
                  "%", " ", "⟨FEFF⟩", "⟨85⟩", "⟨2028⟩", "null", "\n# c\n", "\n ", "- ", "v: 1", "\nw: |\n  a\n"]
        for _ in range(1 + self.below(3)):
            index = 2 * self.below((len(parts) + 1) // 2)
            at = self.below(len(parts[index]) + 1)
            cut = self.pick([0, 0, 1, 3])
            parts[index] = parts[index][:at] + self.pick(pieces) + parts[index][at + cut :]
        return "".join(parts)

    def plain_value(self):
        while True:
            value = self.pick(self.values)
            if not re.search("[␊␍⟨␀-␟␡]", value):
                return value

    def scalar(self):
        words = ["a", "b c", "yes", "1", "0644", "1.5", "~", "x: y", "it's", "é", "- a", "#", "",
                 "true", "2001-01-01", "1e3", "{a}", "long " * 20 + "text", "a\tb", "line\nline\n"]
        word = self.pick(words)
        style = self.below(4)
        if style == 0:
            return json.dumps(word, ensure_ascii=self.random() < 0.5)
        if style == 1 and "\n" not in word:
            return "'" + word.replace("'", "''") + "'"
        if style == 2:
            return self.plain_value()
        return self.pick(["a", "b c", "yes", "no", "1", "-7", "0x1F", "1.50", "1e3", "null", "~", ""])

    def flow(self, depth):
        if depth > 3 or self.random() < 0.5:
            return self.scalar()
        items = [self.flow(depth + 1) for _ in range(self.below(4))]
        if self.random() < 0.5:
            return "[" + ", ".join(items) + "]"
        members = {self.key(): item for item in items}
        return "{" + ", ".join("%s: %s" % member for member in members.items()) + "}"

    def key(self):
        return self.pick(["a", "b", "c", "a1", "a10", "a2", "key-1", "x.y/z", "1", "2.5", "true", "'y'",
                          '"a b"', "A", "_", "é", "~a", "d", "e", "f", "g", "h"])

    def properties(self):
        chance = self.random()
        if chance < 0.08:
            self.anchors.append("n%d" % len(self.anchors))
            return "&%s " % self.anchors[-1]
        if chance < 0.11:
            return self.pick(["!!str ", "!!map ", "!!seq ", "! ", "!x "])
        return ""

    def literal(self, indent):
        body = "".join(
            " " * (indent + self.pick([0, 0, 0, 2])) + self.pick(["text", "- a", "a: b", "# c", "é"]) + "\n"
            if self.random() < 0.85 else "\n" for _ in range(1 + self.below(4)))
        return self.pick(["|", "|-", "|+", ">", ">-", ">+"]) + self.pick(["", "", " # c"]) + "\n" + body

    def block(self, indent, depth):
        """A node after `key:` or `-`, with what separates it and its newline."""
        choice = self.random()
        if self.anchors and choice < 0.06:
            return " *" + self.pick(self.anchors) + "\n"
        properties = self.properties()
        if depth > 4 or choice < 0.4:
            return " " + properties + self.scalar() + self.pick(["", "", " ", " # c"]) + "\n"
        if choice < 0.5:
            return " " + properties + self.flow(0) + "\n"
        if choice < 0.6:
            return " " + properties + self.literal(indent + 2)
        inner = indent + self.pick([1, 2, 2, 4])
        if choice < 0.8:
            return " " + properties + "\n" + self.mapping(inner, depth + 1)
        return " " + properties + "\n" + self.sequence(self.pick([indent, inner]), depth + 1)

    def comment(self):
        return self.pick(["\n", "# c\n", "   # c\n", "  \n"]) if self.random() < 0.05 else ""

    def mapping(self, indent, depth):
        lines, used = [], set()
        for _ in range(1 + self.below(4)):
            key = self.key()
            if key in used:
                continue
            used.add(key)
            value = self.block(indent, depth)
            if self.anchors and self.random() < 0.05:
                key, value = "<<", self.pick([" *" + self.pick(self.anchors), " {a: 1, z: 2}"]) + "\n"
            lines.append(self.comment() + " " * indent + key + ":" + value)
        return "".join(lines)

    def sequence(self, indent, depth):
        return "".join(self.comment() + " " * indent + "-" + self.block(indent, depth)
                       for _ in range(1 + self.below(4)))

    def document(self, name):
        self.anchors = []
        return head(name) + "v:\n" + self.mapping(2, 0)


def alias_cases():
    """Documents on both sides of go-yaml's bound on aliases: at least 1 % must be written out."""
    shapes = [(size, count) for size in (1, 10, 100, 1000) for count in (50, 97, 98, 99, 100, 101, 103, 200, 700)]
    shapes += [(20000, count) for count in (9, 11)]
    for size, count in shapes:
        name = "a%d-%d" % (size, count)
        text = "v:\n- &a [%s]\n- [%s]\n" % (", ".join(["x"] * size), ", ".join(["*a"] * count))
        yield Case(name, (head(name) + text).encode(), "%d aliases of a list of %d" % (count, size))
    for depth in range(1, 8):
        name = "n%d" % depth
        lines = ["- &a0 [x, x, x, x, x, x, x, x, x]"]
        for level in range(1, depth):
            lines.append("- &a%d [%s]" % (level, ", ".join(["*a%d" % (level - 1)] * 9)))
        yield Case(name, (head(name) + "v:\n" + "\n".join(lines) + "\n").encode(), "aliases %d deep" % depth)


def all_cases(data, seed, times):
    values = read_values(os.path.join(data, "values.txt"))
    generator = Generator(seed, values)
    cases = [value_case("v%04d" % i, value) for i, value in enumerate(values)]
    cases += alias_cases()
    files = list(read_files(os.path.join(data, "files.txt")))
    cases += [file_case(name, encoding, text, "file " + name) for name, encoding, text in files]
    files = [text for _, encoding, text in files if encoding == "utf-8" and "@" in text]
    for i in range(MUTATED_FILES * times):
        text = generator.mutated_file(files)
        cases.append(file_case("f%04d" % i, "utf-8", text, "changed file:\n" + text))
    cases += [value_case("m%04d" % i, generator.mutation()) for i in range(MUTATED_VALUES * times)]
    for i in range(GENERATED_DOCUMENTS * times):
        text = generator.document("g%04d" % i)
        cases.append(Case("g%04d" % i, text.encode(), "generated document:\n" + text))
    return cases


# --- the two readers ------------------------------------------------------------------------------


def parse_json(text):
    """A stream of JSON values."""
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number)
    values, at = [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


def kubectl(folder, output):
    command = ["kubectl", "label", "--local", "-f", folder, "oracle=asked", "-o", output]
    # No configuration: nothing of this machine's may play a part.
    environment = dict(os.environ, KUBECONFIG="/dev/null")
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.stdout.decode(), done.stderr.decode("utf-8", "replace")


def by_case(objects, name_of):
    found = {}
    for value in objects:
        found.setdefault(name_of(value).rpartition("-")[0], []).append(value)
    return found


def name_in_yaml(text):
    return re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", text, re.M).group(1)


def kubectl_json(folder):
    """Per case the objects kubectl read, and the messages about files it refused."""
    out, messages = kubectl(folder, "json")
    objects = parse_json(out)
    for value in objects:
        del value["metadata"]["labels"]
    refused = {}
    for line in messages.splitlines():
        for name in re.findall(r"([\w-]+)\.yaml\b", line):
            refused[name] = line
    return by_case(objects, lambda value: value["metadata"]["name"]), refused


def begins_with_api_version(value):
    """Whether apiVersion is the first key, where kubectl's objects are cut apart."""
    return "apiVersion" in value and all(re.fullmatch("[a-z][a-zA-Z]*", key) and key >= "apiVersion" for key in value)


def kubectl_yaml(folder):
    out, _ = kubectl(folder, "yaml")
    out = out.replace("  labels:\n    oracle: asked\n", "")
    texts = re.split("^(?:---\n)?(?=apiVersion: )", out, flags=re.M)
    return by_case(texts[1:], name_in_yaml)


def our_outputs(program, folder, *options):
    """Per case what we make of it: the output and no error, or the other way round."""
    names = sorted(os.listdir(folder))
    paths = [os.path.join(folder, name) for name in names]
    done = subprocess.run([program, *options, *paths], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit("%s crashed (%d):\n%s" % (program, done.returncode, done.stderr.decode("utf-8", "replace")))
    outputs = {}
    for part in re.split("^== ", done.stdout.decode(), flags=re.M)[1:]:
        path, _, text = part.partition("\n")
        name = os.path.basename(path)[: -len(".yaml")]
        outputs[name] = (None, text[3:].strip()) if text.startswith("!! ") else (text, None)
    return outputs


# --- differences that are meant -------------------------------------------------------------------


def version_of_kubectl():
    done = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, check=True)
    version = json.loads(done.stdout)["clientVersion"]["gitVersion"]
    major, minor = re.match(r"v(\d+)\.(\d+)", version).groups()
    return version, (int(major), int(minor))


def holds_for(condition, version):
    if condition == "*":
        return True
    operator, major, minor = re.fullmatch(r"(<|>=)(\d+)\.(\d+)", condition).groups()
    below = version < (int(major), int(minor))
    return below if operator == "<" else not below


class Difference:
    """A line of differences.txt."""

    def __init__(self, what, condition, line):
        self.kind, _, rest = what.partition(" ")
        self.text = rest if self.kind in ("refused", "kubectl", "like") else what
        self.condition = condition
        self.line = line
        self.seen = 0

    def covers(self, case, our_error, refusal):
        if self.kind == "refused":
            return our_error is not None and self.text in our_error
        if self.kind == "kubectl":
            return our_error is None and refusal is not None and self.text in refusal
        if self.kind == "like":
            return re.search(self.text, case.source) is not None
        return self.text == case.source


class Differences:
    def __init__(self, path, version):
        self.items = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("#") or not line.strip():
                    continue
                what, condition, _ = (part.strip() for part in line.rsplit(" | ", 2))
                if holds_for(condition, version):
                    self.items.append(Difference(what, condition, line.strip()))

    def meant(self, case, our_error, refusal=None):
        found = [item for item in self.items if item.covers(case, our_error, refusal)]
        for item in found:
            item.seen += 1
        return bool(found)

    def unseen(self):
        return [item.line for item in self.items if item.condition == "*" and not item.seen]


# --- comparing ------------------------------------------------------------------------------------


def compare(case, our_json, our_error, objects, refusal):
    """None where both agree, else what is different."""
    if our_error:
        return None if refusal else "we refuse it: %s\nkubectl reads %s" % (our_error, objects)
    if refusal:
        return "kubectl refuses it: %s\nwe read %s" % (refusal, our_json)
    try:
        ours = parse_json(our_json)
    except ValueError as error:
        return "our JSON is none: %s" % error
    if ours != (objects or []):
        return "kubectl reads %s\nwe read       %s" % (objects, ours)
    return None


def compare_yaml(ours, texts):
    if ours != "".join("---\n" + text for text in texts):
        return "kubectl prints:\n%s\nwe print:\n%s" % ("".join(texts), ours)
    return None


def circular(case, ours, texts):
    """Whether a generated case differs only in the order of keys with digits.

    For some, such as a1b < a01 < a10 < a1b, kubectl has none that is the same each time.
    """
    lines = [line for text in texts for line in ["---"] + text.splitlines()]
    return case.name[0] == "m" and bool(re.search(r"\d.*:", case.source)) and sorted(lines) == sorted(ours.splitlines())


def alter(text, generator):
    """The text with one letter or digit changed."""
    places = [i for i, c in enumerate(text) if c.isascii() and c.isalnum()]
    at = generator.pick(places)
    return text[:at] + ("q" if text[at] != "q" else "r") + text[at + 1 :]


def write_cases(folder, cases):
    os.mkdir(folder)
    for case in cases:
        with open(os.path.join(folder, case.name + ".yaml"), "wb") as file:
            file.write(case.text)


class Oracle:
    def __init__(self, folder, program, data, seed=SEED, times=1):
        self.program = program
        self.folder = folder
        self.version, number = version_of_kubectl()
        self.differences = Differences(os.path.join(data, "differences.txt"), number)
        self.cases = all_cases(data, int(seed), int(times))
        self.passed = self.failed = self.refused = self.meant = self.altered = 0

    def fail(self, case, why):
        self.failed += 1
        if self.failed <= SHOWN_FAILURES:
            print("FAIL %s: %s\n%s\n" % (case.name, case.source, why))

    def check_json(self):
        """Returns the cases that both read alike, with our JSON."""
        folder = os.path.join(self.folder, "json")
        write_cases(folder, self.cases)
        objects, refused = kubectl_json(folder)
        outputs = our_outputs(self.program, folder)
        alike = []
        for case in self.cases:
            ours, error = outputs[case.name]
            theirs, refusal = objects.get(case.name), refused.get(case.name)
            why = compare(case, ours, error, theirs, refusal)
            if why and self.differences.meant(case, error, refusal):
                self.meant += 1
            elif why:
                self.fail(case, why)
            else:
                self.passed += 1
                self.refused += error is not None
                if ours:
                    alike.append((case, ours, theirs))
        return alike

    def check_yaml(self, alike):
        """Returns the cases that both print alike, with our YAML and kubectl's."""
        printable = [case for case, ours, objects in alike
                     if not UNPRINTABLE.search(ours) and all(map(begins_with_api_version, objects))]
        folder = os.path.join(self.folder, "yaml")
        write_cases(folder, printable)
        texts = kubectl_yaml(folder)
        outputs = our_outputs(self.program, folder, "--yaml")
        same = []
        for case in printable:
            ours, error = outputs[case.name]
            why = error or compare_yaml(ours, texts.get(case.name, []))
            if why and (self.differences.meant(case, None) or circular(case, ours, texts.get(case.name, []))):
                self.meant += 1
            elif why:
                self.fail(case, why)
            else:
                self.passed += 1
                same.append((case, ours, texts[case.name]))
        return same

    def check_alterations(self, alike, same):
        """The comparison must notice any letter of our output that changes."""
        generator = Generator(SEED, [])
        for case, ours, theirs in alike:
            self.altered += 1
            if compare(case, alter(ours, generator), None, theirs, None) is None:
                self.fail(case, "a changed letter in our JSON is not noticed")
        for case, ours, texts in same:
            self.altered += 1
            if compare_yaml(alter(ours, generator), texts) is None:
                self.fail(case, "a changed letter in our YAML is not noticed")

    def check_list(self):
        """A difference that is gone has to leave the list."""
        for line in self.differences.unseen():
            self.failed += 1
            print("FAIL listed as a difference, but not seen: %s\n" % line)

    def run(self):
        alike = self.check_json()
        same = self.check_yaml(alike)
        self.check_alterations(alike, same)
        self.check_list()
        print("counted: kubectl %s, %d files: %d read alike, %d refused by both, %d differ on purpose; "
              "%d printed alike; %d alterations of our output noticed"
              % (self.version, len(self.cases), len(alike), self.refused, self.meant, len(same), self.altered))
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(Oracle(folder, *sys.argv[1:]).run())


main()
