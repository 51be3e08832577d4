#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What the text generator must refuse, that its pages say what the catalogue says, and
# that each key named in the daemon and each code named in a panel profile has a text.
# Usage: check_text_catalog.py GENERATE.py CATALOG.yaml ROOT

import importlib.util
import json
import pathlib
import re
import sys
import tempfile

FAULTY = {
    "a language is missing": "a.b: {zh: 一}\n",
    "the other language is missing": "a.b: {en: one}\n",
    "a text is empty": "a.b: {zh: '', en: one}\n",
    "a text is blank": "a.b: {zh: ' ', en: one}\n",
    "a third language": "a.b: {zh: 一, en: one, fr: un}\n",
    "a doubled key": "a.b: {zh: 一, en: one}\na.c: {zh: 二, en: two}\na.b: {zh: 一, en: one}\n",
    "a doubled language": "a.b: {zh: 一, zh: 二, en: one}\n",
    "a key of one word": "a: {zh: 一, en: one}\n",
    "a key with a space": "a.b c: {zh: 一, en: one}\n",
    "a text that is a list": "a.b: {zh: [一], en: one}\n",
    "no mapping": "a.b: one\n",
    "different parameters": "a.b: {zh: '{n} 次', en: 'times'}\n",
    "not YAML": "a.b: {zh: 一, en\n",
}


def run(generate, folder, text):
    source = folder / "catalog.yaml"
    source.write_text(text, encoding="utf-8")
    outputs = [folder / name for name in ("t.c", "zh.json", "en.json")]
    for path in outputs:
        path.unlink(missing_ok=True)
    status = generate.main(str(source), *map(str, outputs))
    return status, outputs


def check(generate, folder, catalog):
    for what, text in FAULTY.items():
        status, outputs = run(generate, folder, text)
        assert status == 1, f"accepted: {what}"
        assert not any(path.exists() for path in outputs), f"written: {what}"

    hard = r'''a.b: {zh: "\"一{n}\\??\t1", en: "x{n}"}'''
    status, outputs = run(generate, folder, hard)
    assert status == 0
    assert '"\\"\\344\\270\\200{n}\\\\\\077\\077\\0111"' in outputs[0].read_text()

    status, outputs = run(generate, folder, catalog)
    assert status == 0
    pages = [json.loads(path.read_text(encoding="utf-8")) for path in outputs[1:]]
    assert list(pages[0]) == list(pages[1]) == sorted(pages[0])
    assert pages[0]["class.fire"] == "火警" and pages[1]["class.fire"] == "Fire"
    assert len(pages[0]) == outputs[0].read_text().count("\t{ ")


def keys_used(root):
    """(file, key) of each key written out in a call, and of each profile's codes."""
    call = re.compile(r'text_(?:get|fill|has)\([^;"]*"([a-z][a-z0-9_.-]*)"')
    for folder in ("daemon", "cli"):
        for path in sorted((root / folder).rglob("*.c")):
            for key in call.findall(path.read_text(encoding="utf-8")):
                yield path, key
    means = re.compile(r"(?:means|unknown|edge|if_empty): *\[?([^\]}#\n]*)")
    for path in sorted((root / "panels").glob("*.yaml")):
        for words in means.findall(path.read_text(encoding="utf-8")):
            for code in re.findall(r"[a-z]+/([a-z0-9_-]+)", words):
                yield path, f"code.{code}"


def check_keys(root, keys):
    used = list(keys_used(root))
    assert len(used) > 10, used
    missing = [f"{path}: {key}" for path, key in used if key not in keys]
    assert not missing, "\n".join(missing)


def main():
    spec = importlib.util.spec_from_file_location("generate", sys.argv[1])
    generate = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(generate)
    catalog = pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        check(generate, pathlib.Path(folder), catalog)
    keys = set(generate.read_catalog(sys.argv[2]))
    check_keys(pathlib.Path(sys.argv[3]), keys)


if __name__ == "__main__":
    main()
