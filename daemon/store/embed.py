#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# embed.py OUT.c NAME=FILE...: each file becomes a NUL-terminated array of characters,
# declared in store/schema.h. Arrays and not strings: C limits the length of strings.
import sys

out, pairs = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
with open(out, "w", encoding="ascii") as f:
    f.write('#include "store/schema.h"\n')
    for name, path in pairs:
        data = open(path, "rb").read()
        f.write(f"\nconst char {name}[] = {{\n")
        for i in range(0, len(data), 16):
            f.write("\t" + ", ".join(str(b) for b in data[i : i + 16]) + ",\n")
        f.write("\t0,\n};\n")
