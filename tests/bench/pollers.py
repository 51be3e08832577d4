# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Whoever is measured, by one interface: the daemon, and the peers beside it. A poller is
# started before a field, or before one shared link; it has a process, and it is ended.
import pathlib
import signal
import subprocess
import sys

from figures import HERE, PROGRAMS, words
from rig import PYTHON, Daemon, until

US = "watchroomd"
COLLECTD = pathlib.Path("/usr/sbin/collectd")
LIFE = 600  # seconds after which a forgotten peer ends of itself

COLLECTD_HEAD = """FQDNLookup false
Hostname "bench"
Interval {period}
ReadThreads 5
PIDFile "{folder}/pid"
BaseDir "{folder}"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin modbus
<Plugin modbus>
  <Data "word">
    RegisterBase 0
    RegisterType Uint16
    Type gauge
    Instance "word"
  </Data>
{hosts}</Plugin>
"""
COLLECTD_HOST = """  <Host "{name}">
    {link}
    Interval {period}
{slaves}  </Host>
"""
COLLECTD_SLAVE = """    <Slave {unit}>
      Collect "word"
    </Slave>
"""


class Watchroom:
    """The daemon before a site; `text` is the site."""

    def __init__(self, folder, text):
        self.daemon = Daemon(folder, text)
        self.daemon.start(seconds=120)
        self.pid = self.daemon.process.pid

    def all_are_read(self):
        api = self.daemon.api()
        until(lambda: api.state()["health"]["points_unknown"] == 0, 120, "all are read")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.daemon:
            self.daemon.stop()


class Peer:
    """Another poller: a command; what it says is not read."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        gone = self.process.poll()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert gone is None, f"{self.command[0]} ended by itself, status {gone}"


def collectd(folder, period_s, hosts):
    """collectd's modbus plugin: a register of each unit of each host each period. A host
    is (how it is reached, its units)."""
    text = "".join(COLLECTD_HOST.format(
        name=f"d{n}", link=link, period=period_s,
        slaves="".join(COLLECTD_SLAVE.format(unit=unit) for unit in units))
        for n, (link, units) in enumerate(hosts))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "collectd.conf"
    file.write_text(COLLECTD_HEAD.format(folder=folder, hosts=text, period=period_s),
                    encoding="utf-8")
    return Peer(COLLECTD, "-f", "-C", file)


def tcp(port):
    return f'Address "127.0.0.1"\n    Port "{port}"'


def serial(tty, baud):
    return f'Device "{tty}"\n    Baudrate {baud}'


# Before a field: a device on a connection of its own for each port; reads 100 holding
# registers of each (collectd: one, it knows no blocks) each period; 0 = without end.
FIELD = {
    "raw_poller": lambda _, ports, ms: Peer(
        PROGRAMS / "raw_poller", ms, LIFE, *words(ports)),
    "thread_poller": lambda _, ports, ms: Peer(
        PROGRAMS / "thread_poller", ms, LIFE, *words(ports)),
    "asyncio_poller.py": lambda _, ports, ms: Peer(
        PYTHON, HERE / "asyncio_poller.py", ms, LIFE, *words(ports)),
    "collectd": lambda folder, ports, ms: collectd(
        folder, max(ms, 1) / 1000, [(tcp(port), [1]) for port in ports]),
}

# Before one shared link, `at` a terminal or a TCP port, units from 1 on. Who polls one
# request after the other needs no epoll: `line_poller` stands for the bare poller too.
LINK = {
    "line_poller": lambda _, at, baud, units, ms: Peer(
        PROGRAMS / "line_poller", at, baud, units, ms, LIFE),
    "asyncio_line.py": lambda _, at, baud, units, ms: Peer(
        PYTHON, HERE / "asyncio_line.py", at, baud, units, ms, LIFE),
    "collectd": lambda folder, at, baud, units, ms: collectd(
        folder, ms / 1000, [(serial(at, baud) if str(at).startswith("/") else tcp(at),
                             range(1, units + 1))]),
}


def chosen(options, table):
    """Names of the peers of a table that are asked for and are here."""
    wanted = options.peers or list(table)
    for name in wanted:
        if name not in table:
            raise SystemExit(f"no peer {name} here; there are: {', '.join(table)}")
    if "collectd" in wanted and not COLLECTD.exists():
        print("collectd is not measured: it is not installed", file=sys.stderr)
        wanted = [name for name in wanted if name != "collectd"]
    return wanted
