# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The Prometheus text format 0.0.4, read as strictly as it is written down: each family
# has one HELP and one TYPE before its samples, which stand together; no two samples of
# the same labels; counters end in _total.
import re

SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{([^}]*)\})? (-?[0-9.e+-]+)')
LABEL = re.compile(r'([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def labels_of(text):
    found = LABEL.findall(text)
    assert "".join(f'{k}="{v}",' for k, v in found) == text + ",", text
    assert len({k for k, _ in found}) == len(found), f"a label twice: {text}"
    return frozenset(found)


def parse(text):
    """{name: {labels: value}} of a whole answer; labels are a frozenset of pairs."""
    assert text.endswith("\n")
    families, helped, current = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped, f"{name} has two heads"
            helped.add(name)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name in helped and name not in families, line
            assert kind in ("gauge", "counter") and \
                (kind == "counter") == name.endswith("_total"), line
            families[name], current = {}, name
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        name, labels, value = found.groups()
        assert name == current, f"{line}: not under its own head"
        key = labels_of(labels) if labels else frozenset()
        assert key not in families[name], f"twice: {line}"
        families[name][key] = float(value)
    return families


def total(families, name, **labels):
    """The sum over all samples of the family that have these labels."""
    want = set(labels.items())
    return sum(v for k, v in families[name].items() if want <= k)
