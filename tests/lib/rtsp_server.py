#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A camera for the tests: GStreamer's RTSP server, which nobody here wrote.
#   /live    a stream               /hung    its description never comes, and while it
#   /audio   one without video               is waited for nobody else gets one either
# Usage: rtsp_server.py [USER PASSWORD]: with them everything needs a digest. Says
# "port N" when it listens.
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

VIDEO = ("( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,"
         "framerate=5/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )")
AUDIO = "( audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8 )"
# Nothing ever comes out of it, so it never prerolls and the description waits.
HUNG = "( appsrc is-live=true ! video/x-raw,format=I420 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"


def factory(launch):
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(launch)
    made.set_shared(True)
    made.add_role_from_structure(Gst.Structure.new_from_string(
        "user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"))
    return made


def require(server, user, word):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(user, word, token)
    server.set_auth(auth)


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    for path, launch in (("/live", VIDEO), ("/audio", AUDIO), ("/hung", HUNG)):
        server.get_mount_points().add_factory(path, factory(launch))
    if len(sys.argv) == 3:
        require(server, *sys.argv[1:3])
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    print(f"port {server.get_bound_port()}", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
