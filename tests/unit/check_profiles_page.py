# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# usage: check_profiles_page.py SOURCE_ROOT
#
# docs/profiles.md: 31 rows in order; the keys that it names are keys of a profile or a
# site, its profiles are there and have them, its tests exist.
import json
import pathlib
import re
import sys

NEEDS = 31
# What stands in code marks and is no key: words of values.
WORDS = {"word", "bit", "analog", "counter", "none", "false", "true"}


def rows(page):
    for line in page.splitlines():
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        if len(cells) == 5 and cells[0].strip("| ").isdigit():
            yield int(cells[0].strip("| ")), *cells[2:]


def keys_of(schema):
    if isinstance(schema, list):
        return set().union(*map(keys_of, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return found.union(*map(keys_of, schema.values()))


def marked(cell):
    return re.findall(r"`([^`]+)`", cell)


def check_tests(root, number, cell):
    for path in (w for w in marked(cell) if w.startswith("tests/")):
        assert (root / path).is_file(), f"{number}: {path}"
    seen = 0
    for part in re.sub(r"`[^`]*`", "", cell).split(";"):
        name, _, functions = part.strip().partition(": ")
        if not re.fullmatch(r"[a-z0-9_]+", name):
            continue
        path = root / "tests" / "unit" / f"test_{name}.c"
        text = path.read_text(encoding="utf-8")
        seen += 1
        for function in re.findall(r"[a-z0-9_]+(?:\.\.)?", functions.split(". ")[0]):
            want = f"test_{function.removesuffix('..')}"
            assert re.search(rf"^{re.escape(want)}{'' if '..' in function else '[(]'}", text,
                             re.MULTILINE), f"{number}: {path.name} has no {want}"
    assert seen or "tests/" in cell, number


def main():
    root = pathlib.Path(sys.argv[1])
    keys = set()
    for kind in ("site", "profile"):
        path = root / "packaging" / "schema" / f"{kind}.json"
        keys |= keys_of(json.loads(path.read_text(encoding="utf-8")))
    found = list(rows((root / "docs" / "profiles.md").read_text(encoding="utf-8")))
    assert [n for n, *_ in found] == list(range(1, NEEDS + 1)), [n for n, *_ in found]
    for number, key, profiles, tests in found:
        own = set()
        for mark in marked(key):
            own |= {w for w in re.findall(r"[a-z_]+", mark) if w in keys}
            first = re.match(r"[a-z_]+", mark).group()
            assert first in keys | WORDS, f"{number}: {mark} is no key"
        for name in marked(profiles):
            text = (root / "panels" / f"{name}.yaml").read_text(encoding="utf-8")
            assert any(re.search(rf"\b{w}:", text) for w in own) or number in (3, 5), \
                f"{number}: {name} has none of {own}"
        check_tests(root, number, tests)


if __name__ == "__main__":
    main()
