#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# core/ decides and does nothing else: no clock, no allocation, no I/O. Whatever its
# archive asks of the outside must be in the short list below.
#   check_core_purity.py LIBCORE.A
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"mem(cpy|set|cmp|move|chr)|str(len|cmp|ncmp|chr|nlen)|"
    r"__(memcpy|memset|memmove)_chk|"
    r"__assert_fail|__stack_chk_fail|f?(abs|min|max|mod|loor|eil)f?|isnan|nan|"
    r"round|lround|llround|ceil|floor|"
    r"_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|tsan|sanitizer|gcov)_.*|_U_[A-Z_]+")


def symbols(archive, *options):
    out = subprocess.run(["nm", *options, archive], check=True, text=True,
                         capture_output=True).stdout
    return {line.split()[-1] for line in out.splitlines() if len(line.split()) >= 2}


def main():
    archive = sys.argv[1]
    own = symbols(archive, "--defined-only", "--extern-only")
    if "alarm_apply" not in own:
        sys.exit(f"{archive}: holds no alarm_apply: is this the core archive?")
    asked = symbols(archive, "--undefined-only") - own
    bad = sorted(s for s in asked if not ALLOWED.fullmatch(s))
    if bad:
        sys.exit(f"{archive}: core must not use: {', '.join(bad)}")
    print(f"core asks for {', '.join(sorted(asked))}: all pure")


main()
