# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Makes BUILD/fence/NAME/NAME, a link to the folder WHERE of the source tree: the
# include root that shows one folder only. Run by meson at configure time.
import os
import sys

name, where = sys.argv[1:3]
root = os.path.join(os.environ["MESON_BUILD_ROOT"], os.environ.get("MESON_SUBDIR", ""))
target = os.path.join(os.environ["MESON_SOURCE_ROOT"], where)
folder = os.path.join(root, "fence", name)
os.makedirs(folder, exist_ok=True)
link = os.path.join(folder, name)
if not os.path.islink(link) or os.readlink(link) != target:
    if os.path.islink(link):
        os.unlink(link)
    os.symlink(target, link)
# meson wants the folder of include_directories() in the source or build tree.
