"""openapi_fields.py OPENAPI: prints an object for each field of each kind that a server has, as JSON lines.

The field is null, so that nothing but its name counts. Fields of `status` are left out.
"""

import json
import sys


def paths(definitions, schema, above):
    """The paths to all fields below a schema: lists of keys, 0 standing for a list's item."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in above:
        return
    schema = definitions[name] if name else schema
    above = above + [name]
    if "items" in schema:
        for path in paths(definitions, schema["items"], above):
            yield [0] + path
    elif isinstance(schema.get("additionalProperties"), dict):
        for path in paths(definitions, schema["additionalProperties"], above):
            yield ["key"] + path
    for key, value in schema.get("properties", {}).items():
        yield [key]
        for path in paths(definitions, value, above):
            yield [key] + path


def at(path):
    value = None
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


def main(source):
    with open(source, encoding="utf-8") as file:
        definitions = json.load(file)["definitions"]
    for definition in definitions.values():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            for path in paths(definitions, definition, []):
                if path[0] in ("status", "apiVersion", "kind") or "items" in definition.get("properties", {}):
                    continue
                item = at(path)
                item["apiVersion"] = "/".join(filter(None, (kind["group"], kind["version"])))
                item["kind"] = kind["kind"]
                item["metadata"] = dict(item.get("metadata") or {}, name="a")
                print(json.dumps(item))


main(*sys.argv[1:])
