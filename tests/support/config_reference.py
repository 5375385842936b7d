"""The reference of the configuration's keys, as Markdown tables.

Usage: config_reference.py SCHEMA DOCUMENT: the document on standard output, with the tables made of the schema
in place of what stands between its marks.
"""

import json
import re
import sys

BEGIN = re.compile(r"(<!-- keys:.*?-->\n).*?(<!-- end of keys -->)", re.S)
KINDS = [  # what a pattern means
    (r"^\^\[a-z0-9\]", "name"),
    (r"^\^https\?", "URL"),
    (r"^:\[0-9\]", "HOST:PORT"),
    (r"^\^\[\^~\]", "file or folder"),
    (r"^\^\[\^/\]", "path in the repository"),
    (r"\(h\|m\|s\|ms\)", "duration"),
    (r"%", "percentage"),
]


def value_of(schema):
    if "const" in schema:
        return "`%s`" % schema["const"]
    if "enum" in schema:
        return ", ".join("`%s`" % word for word in schema["enum"])
    if "anyOf" in schema:
        return value_of(next(part for part in schema["anyOf"] if "pattern" in part))
    if schema["type"] == "array":
        items = value_of(schema["items"])
        return "list" if items == "mapping" else "list of " + items
    if "pattern" in schema:
        return next(name for pattern, name in KINDS if re.search(pattern, schema["pattern"]))
    names = {"boolean": "`true`, `false`", "integer": "number", "string": "text", "object": "mapping"}
    return names[schema["type"]]


def default_of(schema):
    if "default" not in schema:
        return ""
    return "`%s`" % json.dumps(schema["default"]).strip('"')


def tables(schema, path, out):
    out.append("### %s\n" % ("`%s`" % path if path else "The file"))
    out.append("| key | value | default | |\n|---|---|---|---|")
    below = []
    for name, part in schema["properties"].items():
        required = " (required)" if name in schema.get("required", []) else ""
        out.append("| `%s`%s | %s | %s | %s |" % (name, required, value_of(part), default_of(part), part["description"]))
        if name == "defaults":
            continue  # the same as of apps
        if part.get("type") == "object":
            below.append((part, name))
        elif part.get("type") == "array" and "properties" in part["items"]:
            below.append((part["items"], name + "[]"))
    out.append("")
    for part, name in below:
        tables(part, "%s%s%s" % (path, "." if path else "", name), out)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        document = file.read()
    out = []
    tables(schema, "", out)
    text, count = BEGIN.subn(lambda match: match[1] + "\n" + "\n".join(out) + "\n" + match[2], document)
    if count != 1:
        sys.exit("%s has no marks for the keys" % sys.argv[2])
    sys.stdout.write(text)


main()
