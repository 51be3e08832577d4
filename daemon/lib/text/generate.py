#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Makes the text catalogue's C table and the pages' JSON from catalog.yaml at build
# time: generate.py CATALOG TABLE.c ZH.json EN.json
#
# Refuses a catalogue in which any key is doubled, malformed, lacks a language, has a
# language we do not have, has an empty text, or names different {parameters} in its
# languages. All faults are listed, not the first only; nothing is written then.

import json
import re
import sys

import yaml

LANGUAGES = ("zh", "en")  # in the order of enum lang in lib/text.h
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_/@-]*)+")
PARAMETER = re.compile(r"\{([a-z_]+)\}")


class Refused(Exception):
    """The catalogue has faults; one line each."""


def pairs_of(node, faults):
    """The mapping as a list of (line, key, value node); faults for what is not."""
    if not isinstance(node, yaml.MappingNode):
        faults.append(f"{node.start_mark.line + 1}: a mapping is expected")
        return []
    seen, out = {}, []
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in seen:
            faults.append(f"{line}: {key.value} is already on line {seen[key.value]}")
            continue
        seen[key.value] = line
        out.append((line, key.value, value))
    return out


def texts_of(line, key, node, faults):
    """{language: text} of one key."""
    texts = {}
    for at, language, value in pairs_of(node, faults):
        if language not in LANGUAGES:
            faults.append(f"{at}: {key} has a language {language}")
        elif not isinstance(value, yaml.ScalarNode) or not value.value.strip():
            faults.append(f"{at}: {key} has no text in {language}")
        else:
            texts[language] = value.value
    missing = [language for language in LANGUAGES if language not in texts]
    if missing:
        faults.append(f"{line}: {key} lacks {', '.join(missing)}")
    elif len({frozenset(PARAMETER.findall(t)) for t in texts.values()}) > 1:
        faults.append(f"{line}: {key} names different parameters in its languages")
    return texts


def read_catalog(path):
    """{key: {language: text}}, sorted by the bytes of the key; Refused if faulty."""
    with open(path, encoding="utf-8") as f:
        root = yaml.compose(f, Loader=yaml.SafeLoader)
    faults, catalog = [], {}
    for line, key, node in pairs_of(root, faults):
        if not KEY.fullmatch(key):
            faults.append(f"{line}: {key} is not a key")
        catalog[key] = texts_of(line, key, node, faults)
    if faults:
        raise Refused("\n".join(f"{path}:{fault}" for fault in faults))
    return dict(sorted(catalog.items()))


def c_string(text):
    """A C string literal. Hex escapes would run into following digits: octal."""
    out = []
    for byte in text.encode("utf-8"):
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        elif 0x20 <= byte < 0x7F and byte != ord("?"):
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def c_table(catalog):
    lines = [
        "// Generated from catalog.yaml by generate.py.",
        '#include "lib/text_table.h"',
        "",
        "const struct text_entry text_table[] = {",
    ]
    for key, texts in catalog.items():
        values = ", ".join(c_string(texts[language]) for language in LANGUAGES)
        lines.append(f"\t{{ {c_string(key)}, {{ {values} }} }},")
    lines += ["};", f"const size_t text_table_size = {len(catalog)};", ""]
    return "\n".join(lines)


def main(source, table, *pages):
    try:
        catalog = read_catalog(source)
    except (Refused, yaml.YAMLError) as e:
        print(e, file=sys.stderr)
        return 1
    with open(table, "w", encoding="utf-8") as f:
        f.write(c_table(catalog))
    for language, path in zip(LANGUAGES, pages, strict=True):
        texts = {key: value[language] for key, value in catalog.items()}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(texts, f, ensure_ascii=False, indent=0)
            f.write("\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3 + len(LANGUAGES):
        sys.exit("usage: generate.py CATALOG TABLE.c ZH.json EN.json")
    sys.exit(main(*sys.argv[1:]))
