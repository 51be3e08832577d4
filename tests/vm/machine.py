# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The virtual machine's runs. A job is one boot with its case files; two jobs run at a
# time, each once, and every test looks at what its job printed. What the jobs need is
# made first: the kernel, and the daemon built against libgpiod 2.
import atexit
import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from power_cuts import cut_power

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build")).resolve()
MADE = pathlib.Path(os.environ.get("WATCHROOM_VM_CACHE", ROOT / "build-vm"))
BUILD2 = ROOT / "build-gpiod2"
LIMIT = 1500  # seconds for one boot; the slowest seen took 120

TARGETS = ["daemon/watchroomd", "cli/watchroom", "tests/vm/gpio_probe"]


def run(*command, **more):
    """Runs a command below ROOT; what it printed, or an error with it."""
    done = subprocess.run([str(c) for c in command], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: status {done.returncode}\n{done.stdout}")
    return done.stdout


@functools.cache
def build2():
    """The daemon against libgpiod 2, through the build's own choice; its folder."""
    gpiod = MADE / "gpiod2"
    if not (gpiod / "pkgconfig/libgpiod.pc").exists():
        run(HERE / "make-gpiod2", gpiod)
    if not (BUILD2 / "build.ninja").exists():
        run("meson", "setup", BUILD2, "-Dwerror=true",
            f"-Dpkg_config_path={gpiod / 'pkgconfig'}")
    run("ninja", "-C", BUILD2, "--quiet", *TARGETS)
    return BUILD2


def cases(script):
    """The names of the cases of a case file."""
    text = (HERE / script).read_text(encoding="utf-8")
    return re.findall(r"^case_([a-z0-9_]+)\(\) \{", text, re.M)


class Job:
    """What one boot printed: its status, its lines, and the folder it wrote to."""

    def __init__(self, name):
        self.rw = pathlib.Path(tempfile.mkdtemp(prefix=f"vm-{name}-"))
        atexit.register(shutil.rmtree, self.rw, ignore_errors=True)
        self.status, self.text = None, ""

    def boot(self, *command, **options):
        more = [str(w) for k, v in options.items() for w in ("--" + k.replace("_", "-"), v)]
        done = subprocess.run(
            [HERE / "run-in-vm", "--timeout", str(LIMIT), "--lines", "8",
             "--names", "door,panic,pump", "--rw", self.rw,
             *more, "--", *map(str, command)],
            cwd=ROOT, env=dict(os.environ, RW=str(self.rw), WATCHROOM_VM_CACHE=str(MADE)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False)
        self.status, self.text = done.returncode, done.stdout
        return self

    def passed(self, case):
        """Whether the case said so itself: silence is a failure."""
        return re.search(rf"^ok {case}( |$)", self.text, re.M) is not None

    def facts(self):
        lines = (self.rw / "facts").read_text(encoding="utf-8").split("\n")
        return {k: int(v) for k, v in (line.split() for line in lines if line)}


def generation(name, build):
    return Job(name).boot("bash", "-c", f'"{HERE}/gpio_cases.sh" "{build}/tests/vm/gpio_probe"; '
                          f'"{HERE}/daemon_cases.sh" "{build}"')


def rig():
    """Two boots on one disk: the first ends by a power cut."""
    first = Job("rig")
    disk = first.rw / "disk.img"
    first.boot(HERE / "rig_cases.sh", BUILD, disk=disk)
    # Its control socket is still there, and no file that could be carried over.
    second = Job("rig").boot("bash", "-c", 'rm -f /disk/control && cp -a /disk "$RW/" && '
                             "ls /disk", disk=disk)
    return first, second


def power():
    return cut_power(lambda: Job("power"),
                     ["/usr/bin/python3", HERE / "power_load.py", "/disk/watchroom"])


JOBS = {
    "gpiod1": lambda: generation("gpiod1", BUILD),
    "gpiod2": lambda: generation("gpiod2", build2()),
    "rig": rig,
    "power": power,
}
_pool = concurrent.futures.ThreadPoolExecutor(2)
_started = {}


def start(names):
    """Starts the jobs; the kernel is made first, while libgpiod 2 is built beside it."""
    kernel = _pool.submit(run, HERE / "run-in-vm", "--prepare",
                          env=dict(os.environ, WATCHROOM_VM_CACHE=str(MADE)))
    if "gpiod2" in names:
        _pool.submit(build2).result()
    kernel.result()
    for name in names:
        _started[name] = _pool.submit(JOBS[name])


def result(name):
    return _started[name].result()
