# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_json_schema.py WATCHROOM SOURCE_ROOT
#
# The JSON Schemas of packaging/schema for editors: they are what the tables of
# daemon/config say (`watchroom schema`), key by key both ways; every example site and
# every profile fits them; every bad site of the tests whose fault a schema can see is
# refused by them, and for that very key or value.
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

KINDS = ("site", "profile")
# What the refusals of a schema are called, by what the reader says.
CLUES = (
    (re.compile(r'error: unknown key "([^"]+)" in'), "unknown key"),
    (re.compile(r'error: [^:]+: unknown value "([^"]+)"'), "unknown value"),
    (re.compile(r'error: means: unknown condition "([^"]+)"'), "unknown condition"),
    # Of those that no table requires, the reader alone knows that they are missing.
    (re.compile(r"error: [^:]+: ([a-z0-9_]+) is missing: (.*)"), "missing key"),
)
# Files of another kind.
NOT_IN_A_SCHEMA = re.compile(r"^[^:]+[.](csv|log):")


class Loader(yaml.SafeLoader):
    """YAML 1.2, core schema, as editors read it: no `yes`, no sexagesimal numbers."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
         "-+.0123456789"),
        ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Loader.yaml_implicit_resolvers.setdefault("", []).append(
    ("tag:yaml.org,2002:null", re.compile("^$")))


def plain(value):
    """JSON's objects have texts for names."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def load(path):
    """The document, or None where it is no YAML."""
    try:
        return plain(yaml.load(path.read_text(encoding="utf-8"), Loader=Loader))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return None


def all_errors(validator, document):
    """Every error with those of the alternatives that led to it."""
    left = list(validator.iter_errors(document))
    while left:
        error = left.pop()
        yield error
        left.extend(error.context)


def kind_of(document):
    return "profile" if isinstance(document, dict) and "decoders" in document or \
        isinstance(document, dict) and "profile" in document else "site"


def properties(schema):
    """The names of all keys in a schema."""
    if isinstance(schema, list):
        return set().union(*map(properties, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", {}))
    for key, value in schema.items():
        found |= set().union(*(properties(v) for v in value.values())) \
            if key == "properties" and value else properties(value) if key != "enum" else set()
    return found


def required(schema):
    """(key, description) of all that some table requires."""
    if isinstance(schema, list):
        return set().union(*map(required, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = {(name, schema["properties"][name]["description"])
             for name in schema.get("required", []) if isinstance(schema["properties"], dict)}
    return found.union(*(required(v) for v in schema.values()))


def check_described(schema, path):
    for name, sub in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        assert sub.get("description"), f"{here}: no .help in its table of daemon/config"
        assert set(sub) - {"description"}, f"{here}: no .either in its table of daemon/config"
        assert sub.get("type") != "array" or "items" in sub, \
            f"{here}: no .each in its table of daemon/config"
        assert sub.get("type") != "object" or "properties" in sub or \
            isinstance(sub.get("additionalProperties"), dict), \
            f"{here}: no .map or .each in its table of daemon/config"
        check_described(sub, f"{path}.{name}")
    if "properties" in schema:
        assert schema["additionalProperties"] is False, path
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            check_described(schema[word], path)
    for sub in schema.get("anyOf", []):
        check_described(sub, path)


def check_made_from_the_tables(watchroom, root):
    """What is in packaging/ is what this version prints; the keys are the tables' own."""
    schemas = {}
    for kind in KINDS:
        said = subprocess.run([watchroom, "schema", kind], check=True, capture_output=True).stdout
        path = root / "packaging" / "schema" / f"{kind}.json"
        schemas[kind] = json.loads(said)
        assert json.loads(path.read_text(encoding="utf-8")) == schemas[kind], \
            f"{path} is not what `watchroom schema {kind}` prints: " \
            f"watchroom schema {kind} | python3 -m json.tool --indent 1 --no-ensure-ascii"
        jsonschema.Draft7Validator.check_schema(schemas[kind])
        check_described(schemas[kind], kind)
    named = set()
    for path in (root / "daemon" / "config").glob("*.[ch]"):
        if path.stem == "recording":
            continue    # neither a site nor a profile
        for name, kind in re.findall(r'^\s*(?:\[[A-Z0-9_]+\] = )?\{ *\.key = "([a-z0-9_]+)",\s*'
                                     r"\.type = (SCHEMA_\w+)", path.read_text(encoding="utf-8"),
                                     re.MULTILINE):
            named.add(name)
            assert kind.startswith("SCHEMA_")
    in_schemas = properties(schemas["site"]) | properties(schemas["profile"])
    assert len(named) > 200, len(named)
    assert not in_schemas - named, f"in no table: {in_schemas - named}"
    # Alternatives of a value have names of their own, which are no keys.
    forms = {"list", "sheet", "map", "text", "address", "secret", "word", "analog", "counter"}
    assert not named - in_schemas - forms, f"in no schema: {named - in_schemas - forms}"
    return {kind: jsonschema.Draft7Validator(schema) for kind, schema in schemas.items()}


def check_good(validators, root):
    files = sorted((root / "conf").rglob("*.yaml")) + sorted((root / "panels").glob("*.yaml"))
    assert len(files) > 30
    for path in files:
        document = load(path)
        kind = "profile" if path.parent.name == "panels" else "site"
        errors = [f"{path}: {'/'.join(map(str, e.path))}: {e.message}"
                  for e in validators[kind].iter_errors(document)]
        assert not errors, "\n".join(errors)


def check_bad(validators, root):
    """Each case whose expected output has a clue is refused for that clue."""
    seen = 0
    unreadable = []
    needed = set().union(*(required(v.schema) for v in validators.values()))
    for case in sorted((root / "tests" / "integration" / "bad_config").glob("*/expected")):
        for line in case.read_text(encoding="utf-8").splitlines():
            found = next(((p.search(line), what) for p, what in CLUES if p.search(line)), None)
            if found is None or NOT_IN_A_SCHEMA.search(line):
                continue
            match, what = found
            if what == "missing key" and match.groups() not in needed:
                continue
            path = case.parent / line.split(":")[0]
            document = load(path)
            if document is None:
                unreadable.append(f"{case.parent.name}: {path.name}")
                continue
            validator = validators[kind_of(document)]
            said = [e.message.lower() for e in all_errors(validator, document)]
            assert any(match.group(1).lower() in text for text in said), \
                f"{case.parent.name}: {what} {match.group(1)}: {line}\n" + "\n".join(said)
            seen += 1
    assert seen > 70, seen
    assert len(unreadable) < 10, unreadable


def main():
    root = pathlib.Path(sys.argv[2])
    validators = check_made_from_the_tables(sys.argv[1], root)
    check_good(validators, root)
    check_bad(validators, root)


if __name__ == "__main__":
    main()
