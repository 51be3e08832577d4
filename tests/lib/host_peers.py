# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The room's own equipment for the tests: real servers that nobody here wrote (GStreamer's
# RTSP server, lighttpd, OpenSSH), certificates made on the spot, and a network namespace
# whose hosts can be taken away in every way a network can. Each listens on loopback or in
# its own namespace and ends with the test.
import base64
import contextlib
import datetime
import hashlib
import os
import pathlib
import re
import secrets
import socket
import socketserver
import subprocess
import textwrap
import threading

from rig import PYTHON, until

HERE = pathlib.Path(__file__).resolve().parent
USER, WORD = "monitor", "correct horse"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Process:
    """A program that ends with the test, by its own handle."""

    def __init__(self, command, log, **more):
        self.log = pathlib.Path(log)
        out = open(self.log, "a", encoding="utf-8")
        with out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.STDOUT, **more)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Rtsp(Process):
    """A camera: tests/lib/rtsp_server.py. With a password if `locked`."""

    def __init__(self, directory, locked=False):
        words = [USER, WORD] if locked else []
        super().__init__([PYTHON, str(HERE / "rtsp_server.py"), *words],
                         directory / f"rtsp-{'locked' if locked else 'open'}.log")
        found = until(lambda: re.search(r"port (\d+)", self.text()), 60, "the camera")
        self.port = int(found.group(1))

    def url(self, path):
        return f"rtsp://127.0.0.1:{self.port}{path}"


class ForgetfulCamera(socketserver.ThreadingTCPServer):
    """A camera that checks a digest as live555 does: the nonce is of one connection, and
    the refusal of another one's does not say that it is stale (RFC 2617 3.3)."""

    allow_reuse_address = daemon_threads = True
    SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nm=video 0 RTP/AVP 26\r\n"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _CameraTalk)
        self.asked = []  # "none", "good", "old" or "wrong": what each request showed
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/live"):
        return f"rtsp://127.0.0.1:{self.server_address[1]}{path}"

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _CameraTalk(socketserver.StreamRequestHandler):
    def handle(self):
        nonce = None
        while first := self.rfile.readline().decode():
            heads = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(":")
                heads[name.lower()] = value.strip()
            shown = self.judge(first, heads.get("authorization", ""), nonce)
            self.server.asked.append(shown)
            if shown == "good":
                self.answer("200 OK", heads, self.server.SDP)
            else:
                nonce = secrets.token_hex(16)
                self.answer("401 Unauthorized", heads, "",
                            f'WWW-Authenticate: Digest realm="camera", nonce="{nonce}"\r\n')

    def answer(self, status, heads, body, more=""):
        self.wfile.write(f"RTSP/1.0 {status}\r\nCSeq: {heads.get('cseq', '')}\r\n{more}"
                         f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    @staticmethod
    def judge(first, authorization, nonce):
        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()
        part = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        if not part:
            return "none"
        if part["nonce"] != nonce:
            return "old"
        method, uri = first.split()[:2]
        wanted = md5(f"{md5(f'{USER}:camera:{WORD}')}:{nonce}:{md5(f'{method}:{uri}')}")
        return "good" if part["response"] == wanted else "wrong"


class Sshd(Process):
    """OpenSSH, for a TCP connection."""

    def __init__(self, directory):
        self.port = free_port()
        key = directory / "ssh_host_key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)],
                           check=True, stdin=subprocess.DEVNULL)
        os.makedirs("/run/sshd", exist_ok=True)
        super().__init__(
            ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", str(key), "-p",
             str(self.port), "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"],
            directory / "sshd.log")
        until(lambda: listens(self.port), 20, f"sshd: {self.text()}")


class Lighttpd(Process):
    """A device's web pages: /open, /status, /locked (digest), /moved; a certificate if given."""

    def __init__(self, directory, certificate=None, name="web"):
        self.port = free_port()
        root = directory / f"{name}-root"
        root.mkdir(exist_ok=True)
        (root / "open").write_text("hello\n")
        (root / "status").write_text('{"DeviceStatus": "ok"}\n')
        (root / "locked").write_text("secret\n")
        (root / "private/empty").mkdir(parents=True, exist_ok=True)  # no page, and no list of what is there
        users = directory / f"{name}-users"
        users.write_text(self.user_line())
        conf = directory / f"{name}.conf"
        conf.write_text(textwrap.dedent(f"""
            server.document-root = "{root}"
            server.bind = "127.0.0.1"
            server.port = {self.port}
            server.modules = ("mod_auth", "mod_authn_file", "mod_redirect", "mod_accesslog")
            accesslog.filename = "{directory}/{name}-access.log"
            mimetype.assign = ("" => "text/plain")
            auth.backend = "htdigest"
            auth.backend.htdigest.userfile = "{users}"
            auth.require = (
                "/locked" => ("method" => "digest", "realm" => "device",
                    "require" => "valid-user", "algorithm" => "MD5"),
                "/private" => ("method" => "digest", "realm" => "device",
                    "require" => "valid-user", "algorithm" => "MD5"))
            url.redirect = ("^/moved" => "/open")
        """))
        if certificate:
            with open(conf, "a", encoding="utf-8") as f:
                f.write('server.modules += ("mod_openssl")\nssl.engine = "enable"\n'
                        f'ssl.pemfile = "{certificate}"\n')
        self.access = directory / f"{name}-access.log"
        super().__init__(["/usr/sbin/lighttpd", "-D", "-f", str(conf)],
                         directory / f"{name}.log")
        until(lambda: listens(self.port), 20, f"lighttpd: {self.text()}")

    @staticmethod
    def user_line():
        ha1 = hashlib.md5(f"{USER}:device:{WORD}".encode()).hexdigest()
        return f"{USER}:device:{ha1}\n"

    def statuses(self, path):
        """The status of every request for a path so far, oldest first."""
        text = self.access.read_text() if self.access.exists() else ""
        return [int(s) for s in re.findall(rf'"GET {path} HTTP/1.1" (\d+)', text)]


def make_certificate(directory, name, days=365, start=None):
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file. `start`: when
    it began (a datetime), so that it may have ended."""
    key, pem = directory / f"{name}.key", directory / f"{name}.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key), "-out", str(pem),
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    if start is None:
        words += ["-days", str(days)]
        subprocess.run(words, check=True, capture_output=True)
    else:
        end = start + datetime.timedelta(days=days)
        stamp = "%Y%m%d%H%M%SZ"
        # `req` knows no dates: sign a request with `ca`.
        request = directory / f"{name}.csr"
        subprocess.run(["openssl", "req", "-new", *words[3:8], "-keyout", str(key), "-out",
                        str(request), "-subj", f"/CN={name}"], check=True,
                       capture_output=True)
        (directory / "index.txt").write_text("")
        (directory / "serial").write_text("01\n")
        conf = directory / "ca.conf"
        conf.write_text(f"[ca]\ndefault_ca=c\n[c]\ndatabase={directory}/index.txt\n"
                        f"serial={directory}/serial\nnew_certs_dir={directory}\n"
                        "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\n"
                        "commonName=supplied\n[e]\nbasicConstraints=CA:true\n"
                        "subjectAltName=IP:127.0.0.1\n")
        subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", str(conf), "-in",
                        str(request), "-keyfile", str(key), "-out", str(pem), "-notext",
                        "-startdate", start.strftime(stamp), "-enddate", end.strftime(stamp)],
                       check=True, capture_output=True)
    both = directory / f"{name}-both.pem"
    both.write_text(pem.read_text() + key.read_text())
    return pem, both


def pin_of(pem):
    """The pin of a certificate's public key, as libcurl wants it."""
    public = subprocess.run(["openssl", "x509", "-in", str(pem), "-noout", "-pubkey"],
                            check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=public,
                         check=True, capture_output=True).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def may_make_networks():
    """Whether namespaces can be made here at all (root, and a kernel with them)."""
    name = f"wr-try-{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if done.returncode == 0:
        ip("netns", "del", name)
    return done.returncode == 0


class Network:
    """A network of its own behind a pair of interfaces, out of 198.18.0.0/15 (for tests,
    RFC 2544), another one for each process: a switch that answers pings, a few addresses
    behind it, a net where all that is sent disappears, and one that this machine has no
    route to."""

    def __init__(self):
        slot = os.getpid() % 128
        nets = [f"198.{18 + slot // 64}.{slot % 64 * 4 + i}" for i in range(4)]
        link, behind, holes, self.no_route_net = nets
        self.switch, self.nobody = f"{link}.2", [f"{link}.98", f"{link}.99"]
        self.behind = [f"{behind}.{i}" for i in range(1, 5)]
        self.holes = [f"{holes}.{i}" for i in range(1, 251)]
        self.no_route = f"{self.no_route_net}.1"
        self.drop = f"add rule inet t in ip daddr {holes}.0/24 drop"
        self.back = f"{link}.1/32"
        self.name = f"wr-{os.getpid()}"
        self.ours, self.theirs = f"wra{os.getpid() % 100000}", f"wrb{os.getpid() % 100000}"
        ip("netns", "add", self.name)
        ip("link", "add", self.ours, "type", "veth", "peer", "name", self.theirs, "netns",
           self.name)
        ip("addr", "add", f"{link}.1/24", "dev", self.ours)
        ip("link", "set", self.ours, "up")
        self.inside("addr", "add", f"{self.switch}/24", "dev", self.theirs)
        for address in self.behind:
            self.inside("addr", "add", f"{address}/32", "dev", "lo")
        self.inside("link", "set", "lo", "up")
        self.cable(True)
        for net in (behind, holes):
            ip("route", "add", f"{net}.0/24", "via", self.switch)
        ip("route", "add", "throw", f"{self.no_route_net}.0/24")
        self.nft("add table inet t; add chain inet t in { type filter hook input priority 0; }")
        self.nft(f"{self.drop}; add chain inet t through "
                 "{ type filter hook forward priority 0; policy drop; }")

    def inside(self, *words):
        ip("-n", self.name, *words)

    def nft(self, text):
        subprocess.run(["ip", "netns", "exec", self.name, "nft", text], check=True,
                       capture_output=True)

    def hide(self, *addresses):
        """Hosts that go without a word: what is sent to them is dropped."""
        for address in addresses:
            self.nft(f"add rule inet t in ip daddr {address} drop")

    def show(self):
        self.nft(f"flush chain inet t in; {self.drop}")

    def cable(self, plugged):
        self.inside("link", "set", self.theirs, "up" if plugged else "down")
        if plugged:
            self.inside("route", "replace", self.back, "dev", self.theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for words in (("route", "del", "throw", f"{self.no_route_net}.0/24"),
                      ("link", "del", self.ours), ("netns", "del", self.name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip(*words)
