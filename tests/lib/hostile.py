# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# One table of hostile Modbus peers, a row each, beside peers that behave. Each has an
# address of its own, is cured at the end, and answers what is valid with NORMAL and what
# is not with FIRE, so that a fire among its points is a value that it never sent.
import collections
import contextlib
import os
import pty
import random
import select
import socket
import struct
import threading
import time
import tty

from field import FIRE, NORMAL, Hostile

TIMEOUT = 0.8           # of the daemon's devices, in seconds
TCP_REPAIR = 19         # linux/tcp.h: a socket that is closed without a word

RESET = struct.pack("ii", 1, 0)     # SO_LINGER: closing sends a reset


class Peer(Hostile):
    """A peer that misbehaves in the way its name says until it is cured."""

    # What the daemon may know of its points meanwhile: "unknown", "good", or either.
    known = "unknown"
    times_out = False
    burns = False       # its points are on fire, and it says so in good answers too

    def __init__(self):
        self.hostile = True
        super().__init__(answer=self.reply, value=NORMAL)

    def reply(self, request):
        if not self.hostile:
            return [(0, self.frame(request))]
        return self.misbehave(request)

    def misbehave(self, request):
        raise NotImplementedError

    def bad(self, request, **change):
        """A frame with something wrong in it, which says fire."""
        self.value = FIRE
        try:
            return self.frame(request, **change)
        finally:
            self.value = NORMAL

    def cure(self, value=NORMAL):
        self.value = value
        self.hostile = False
        self.drop()


class Silent(Peer):
    """Accepts, reads and never answers."""

    times_out = True

    def misbehave(self, request):
        return []


class NeverRead(Peer):
    """Accepts and does nothing more."""

    def serve(self, peer):
        hung_up = select.poll()
        hung_up.register(peer, select.POLLRDHUP)
        while self.hostile and peer.fileno() >= 0:
            if hung_up.poll(100):
                return
        super().serve(peer)


class Refuse(Peer):
    """Nobody listens."""

    def __init__(self):
        super().__init__()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(5)
        self.hostile = True

    def cure(self, value=NORMAL):
        self.hostile = False
        self.again = Hostile(value=value, port=self.port)

    def stop(self):
        if not self.hostile:
            self.again.stop()


class SynIgnored(Peer):
    """The queue of its listener is full: the kernel drops each further SYN."""

    def __init__(self):
        self.filling = []
        super().__init__()

    def run(self):
        self.listener.listen(0)
        while len(self.filling) < 4:
            one = socket.socket()
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(("127.0.0.1", self.port))
            self.filling.append(one)
        while self.hostile:
            time.sleep(0.1)
        for one in self.filling:
            one.close()
        self.listener.listen(64)
        super().run()


class Slow(Peer):
    """Answers after twice the time-out, that it burns."""

    known = "either"
    times_out = True

    def misbehave(self, request):
        return [(2 * TIMEOUT, self.bad(request))]


class Late(Slow):
    """The same just after the time-out, when the next request is out."""

    def misbehave(self, request):
        return [(TIMEOUT + 0.2, self.bad(request))]


class StaleNormal(Peer):
    """It burns. Of two requests one is answered at once, and the other too late, that all
    is normal: what it was before the fire."""

    known = "either"
    times_out = True
    burns = True
    asked = 0

    def misbehave(self, request):
        self.asked += 1
        if self.asked % 2:
            return [(0, self.bad(request))]
        return [(TIMEOUT + 0.2, self.frame(request))]

    def cure(self, value=FIRE):
        super().cure(value)


class CountsOn(Peer):
    """Answers when the next request is out, under the number after that of its own."""

    times_out = True

    def misbehave(self, request):
        return [(TIMEOUT + 0.2, self.bad(request, tid=(request["tid"] + 1) & 0xFFFF))]


class Dribble(Peer):
    """One byte at a time, within the time-out or not: whole answers."""

    known = "either"

    def misbehave(self, request):
        return [(0.015, bytes([b])) for b in self.frame(request)]


class Twice(Peer):
    """Each answer twice."""

    known = "good"

    def misbehave(self, request):
        return [(0, self.frame(request) * 2)]


class WrongTransaction(Peer):
    def misbehave(self, request):
        return [(0, self.bad(request, tid=request["tid"] ^ 0x5A))]


class WrongUnit(Peer):
    def misbehave(self, request):
        return [(0, self.bad(request, unit=request["unit"] + 1))]


class WrongFunction(Peer):
    def misbehave(self, request):
        return [(0, self.bad(request, fc=request["fc"] ^ 1))]


class WrongLength(Peer):
    """The length in the header is one too many, or too few."""

    def misbehave(self, request):
        size = 3 + 2 * request["count"]
        return [(0, self.bad(request, length=size + random.choice((-1, 1))))]


class WrongByteCount(Peer):
    def misbehave(self, request):
        return [(0, self.bad(request, bytes=2 * request["count"] + 2))]


class Truncated(Peer):
    """A part of an answer, and no more."""

    def misbehave(self, request):
        return [(0, self.bad(request)[:-3])]


class Garbage(Peer):
    def misbehave(self, request):
        return [(0, random.randbytes(random.randint(1, 300)))]


class Flood(Peer):
    """Answers to what nobody asked, without end."""

    def misbehave(self, request):
        return [(0, self.bad(request, tid=(request["tid"] + n) & 0xFFFF))
                for n in range(1, 200)]


class Exceptions(Peer):
    """Every exception code there is, one after the other."""

    code = 0
    known = "either"    # of those that say "not here" a point is bad, and stays so

    def misbehave(self, request):
        self.code = self.code % 255 + 1
        return [(0, struct.pack(">HHHBBB", request["tid"], 0, 3, request["unit"],
                                request["fc"] | 0x80, self.code))]


class ResetInFrame(Peer):
    """Half an answer, then a reset."""

    def serve(self, peer):
        if self.hostile:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        super().serve(peer)

    def misbehave(self, request):
        return [(0, self.bad(request)[:9]), (0.01, None)]


class PowerLoss(Peer):
    """Gone without a word after two answers, and its address answers nothing it knows:
    as a device that lost power, and came back without its connections."""

    known = "either"

    def __init__(self):
        self.answers = {}
        super().__init__()

    def serve(self, peer):
        me = threading.get_ident()
        self.answers[me] = (peer, 0)
        try:
            super().serve(peer)
        finally:
            del self.answers[me]

    def misbehave(self, request):
        me = threading.get_ident()
        peer, n = self.answers[me]
        self.answers[me] = (peer, n + 1)
        if n < 2:
            return [(0, self.frame(request))]
        peer.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        return [(0, None)]


class Flapping(Peer):
    """A second there, a second gone, without end."""

    known = "either"

    def misbehave(self, request):
        if int(time.monotonic()) % 2:
            self.drop()
            return [(0, None)]
        return [(0, self.frame(request))]

    def serve(self, peer):
        if self.hostile and int(time.monotonic()) % 2:
            peer.close()
            return
        super().serve(peer)


ROWS = [Silent, NeverRead, Refuse, SynIgnored, Slow, Late, StaleNormal, CountsOn,
        Dribble, Twice, WrongTransaction, WrongUnit, WrongFunction, WrongLength, WrongByteCount,
        Truncated, Garbage, Flood, Exceptions, ResetInFrame, PowerLoss, Flapping]


# ---- what the machine can do -----------------------------------------------------------

class BarePoller(threading.Thread):
    """Polls one unit of a peer as simply as can be, once a period, and keeps the longest
    gap between two answers: the limit of this machine, with all that runs on it."""

    def __init__(self, port, period, unit=1):
        super().__init__(daemon=True)
        self.period = period
        self.ended = False
        self.last = None
        self.worst = 0.0
        self.request = struct.pack(">HHHBBHH", 1, 0, 6, unit, 3, 0, 3)
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.start()

    def run(self):
        due = time.monotonic()
        while not self.ended:
            self.peer.sendall(self.request)
            if len(self.peer.recv(260)) < 9:
                return
            now = time.monotonic()
            if self.last:
                self.worst = max(self.worst, now - self.last)
            self.last = now
            due = max(due + self.period, now)
            time.sleep(max(0, due - now))

    def excess(self):
        """What it was late at most, in seconds."""
        assert self.is_alive(), "the bare poller has ended"
        return max(0.0, self.worst - self.period)

    def stop(self):
        self.ended = True
        self.join(5)
        self.peer.close()


class CpuWaits(threading.Thread):
    """The longest that the first thread of a process had to wait for a CPU within the time
    of two polls (schedstat of the kernel): what it is late by no doing of its own."""

    EVERY = 0.05

    def __init__(self, pid, seconds):
        super().__init__(daemon=True)
        self.path = f"/proc/{pid}/task/{pid}/schedstat"
        self.samples = collections.deque(maxlen=1 + round(seconds / self.EVERY))
        self.ended = threading.Event()
        self.worst = 0.0
        self.start()

    def waited(self):
        with open(self.path, encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9

    def run(self):
        while not self.ended.wait(self.EVERY):
            self.samples.append(self.waited())
            self.worst = max(self.worst, self.samples[-1] - self.samples[0])

    def stop(self):
        self.ended.set()
        self.join(5)


# ---- serial lines ----------------------------------------------------------------------

def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


class Line(threading.Thread):
    """A pseudo-terminal with PTMB transmitters on it; `tty` is the daemon's end. A unit's
    value is its number in 0.001 MPa, and 9 times that is what no unit has."""

    def __init__(self):
        super().__init__(daemon=True)
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.tty = os.ttyname(self.slave)
        self.hostile = True
        self.ended = False
        self.requests = 0
        self.start()

    def answer(self, unit, address, count, factor=1):
        registers = [unit, 3, 0, 3, unit * 100 * factor, 0, 1600 * 9] + [0] * 200
        body = struct.pack(f">{count}H", *registers[address:address + count])
        head = bytes([unit, 3, len(body)]) + body
        return head + crc(head)

    def misbehave(self, unit, address, count):
        raise NotImplementedError

    def idle(self):
        """Called when nobody asks, about a hundred times a second."""

    def send(self, data):
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self.master, data)

    def run(self):
        held = b""
        while not self.ended:
            try:
                held += os.read(self.master, 4096)
            except BlockingIOError:
                time.sleep(0.01)
                if self.hostile:
                    self.idle()
                continue
            except OSError:
                return
            while len(held) >= 8:
                unit, _, address, count = struct.unpack(">BBHH", held[:6])
                held = held[8:]
                self.requests += 1
                if self.hostile:
                    self.misbehave(unit, address, count)
                else:
                    self.send(self.answer(unit, address, count))

    def cure(self):
        self.hostile = False

    def stop(self):
        self.ended = True
        self.join(5)
        os.close(self.slave)
        os.close(self.master)


class Babble(Line):
    """Never stops talking."""

    def idle(self):
        self.send(random.randbytes(8))

    def misbehave(self, unit, address, count):
        self.send(random.randbytes(40))


class TwoSlaves(Line):
    """Two units with one address answer at once: their bytes are mixed on the wire."""

    def misbehave(self, unit, address, count):
        one = self.answer(unit, address, count)
        other = self.answer(unit, address, count, factor=9)
        way = random.randrange(3)
        if way == 0:
            self.send(bytes(a & b for a, b in zip(one, other)))
        elif way == 1:
            self.send(b"".join(bytes(pair) for pair in zip(one, other)))
        else:
            self.send(one[:8] + other[8:])


LINES = [Babble, TwoSlaves]
