"""Whether a JSON schema and the program judge configuration files alike.

Usage: config_verdicts.py SCHEMA TRANCHE YAML2JSON WORK FILE|FOLDER...

What the program takes the schema has to take, too; what the program refuses for a key or a type the schema has to
refuse. Of what only the program can tell (names that lead nowhere, keys that exclude each other) the schema knows
nothing. Each key of the files is also misspelt and given values of other types, one at a time.
"""

import copy
import json
import os
import re
import subprocess
import sys

import jsonschema

OF_THE_SCHEMA = re.compile(r"unknown key|must be (text|a list|a mapping|true or false|a whole number)|must be one of")


def files_of(paths):
    for path in paths:
        if os.path.isdir(path):
            yield from (os.path.join(path, name) for name in sorted(os.listdir(path)))
        else:
            yield path


def mutations(value):
    """The value with one thing in it changed, for each thing."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        for other in ("", None, 7 if isinstance(below, (str, bool)) else "x", [] if isinstance(below, dict) else {}):
            changed = copy.deepcopy(value)
            changed[key] = other
            yield changed
        if isinstance(value, dict):
            changed = {name + "x" if name == key else name: part for name, part in value.items()}
            yield changed
        for changed_below in mutations(below):
            changed = copy.copy(value)
            changed[key] = changed_below
            yield changed


def tell(what, value, why, count):
    if count <= 5:
        print("%s: %s: %s" % (what, json.dumps(value), why))


def main():
    schema_path, tranche, yaml2json, work = sys.argv[1:5]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    values = []
    for path in files_of(sys.argv[5:]):
        text = subprocess.run([yaml2json, path], capture_output=True, encoding="utf-8", check=False).stdout
        lines = text.splitlines()
        if len(lines) == 2 and lines[1].startswith("{"):
            values.append(json.loads(lines[1]))
    everything = max(values, key=lambda value: len(json.dumps(value)))
    values.extend(mutations(everything))
    path, failed = os.path.join(work, "judged.json"), 0
    for value in values:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)
        run = subprocess.run([tranche, "validate", "--config", path], capture_output=True, encoding="utf-8", check=False)
        faults = sorted(error.message for error in validator.iter_errors(value))
        if run.returncode == 0 and faults:
            failed += 1
            tell("only the schema refuses", value, str(faults), failed)
        if OF_THE_SCHEMA.search(run.stdout) and not faults:
            failed += 1
            tell("only the program refuses", value, run.stdout, failed)
    print("%d files, %s" % (len(values), "%d judged otherwise" % failed if failed else "all judged alike"))


main()
