#!/bin/bash
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The GPIO driver on the kernel's own character device; runs inside the virtual machine:
#   tests/vm/run-in-vm --lines 6 --names door,panic,pump -- tests/vm/test_gpio.sh PROBE
# Waits for what the probe prints, never for a time; a case that does not come within
# the limit fails. The machine is slow: nothing here measures time.
set -uo pipefail

probe=$1
work=$(mktemp -d)
log=$work/log
mkfifo "$work/never"
failed=0
pid=''

fail() {
	echo "FAILED: $*"
	sed 's/^/    /' "$log"
	failed=$((failed + 1))
}

# Waits without a process of its own; starting one takes long here.
pause() { read -rt "$1" _ <>"$work/never" || true; }

# start LINE...: the probe on these lines of $chip, an empty log.
start() {
	: >"$log"
	"$probe" "$chip" "$@" >>"$log" 2>&1 &
	pid=$!
}

stop() {
	kill -TERM "$pid" && wait "$pid"
	grep -q '^cpu ' "$log" || fail "$case: the probe did not end well"
}

# expect N PATTERN: at least N lines of the log match, within 20 s.
expect() {
	local n=0 i
	for ((i = 0; i < 400; i++)); do
		n=$(grep -c -E "$2" "$log")
		[[ $n -lt $1 ]] || return 0
		pause 0.05
	done
	fail "$case: $n of $1 times: $2"
	return 1
}

exactly() {
	local n
	n=$(grep -c -E "$2" "$log")
	[[ $n = "$1" ]] || fail "$case: $n instead of $1 times: $2"
}

# The last report of a line is this level.
last() {
	local line
	line=$(grep -E "^$1 " "$log" | tail -n 1)
	[[ $line == "$1 $2 "* ]] || fail "$case: last report of $1 is '$line', not $2"
}

passed() { echo "ok: $case ($(cut -d. -f1 /proc/uptime) s)"; }

chip=watchroom-vm
for chip in watchroom-vm "${GPIO_CHIP#/dev/}" "$GPIO_CHIP"; do
	case="a door opens and closes ($chip)"
	start door:50
	expect 1 '^link up' && expect 1 '^door 0 .*not_before=0'
	gpio-pull 0 up
	expect 1 '^door 1 '
	gpio-pull 0 down
	expect 2 '^door 0 '
	exactly 3 '^door '
	stop && passed
done
chip=watchroom-vm

case="a line by its number"
start 2:50
expect 1 '^2 0 '
gpio-pull 2 up
expect 1 '^2 1 '
gpio-pull 2 down
expect 2 '^2 0 '
stop && passed

case="a contact closed at start is told at start"
gpio-pull 0 up
start door:50
expect 1 '^door 1 '
gpio-pull 0 down
expect 1 '^door 0 '
stop && passed

case="five bounces are one change, stamped with the first"
start door:1000
expect 1 '^door 0 '
before=$(awk '{printf "%d", $1 * 1000}' /proc/uptime)
gpio-pull 0 up; after=$(awk '{printf "%d", $1 * 1000}' /proc/uptime)
gpio-pull 0 down; gpio-pull 0 up; gpio-pull 0 down; gpio-pull 0 up
expect 1 '^door 1 '
exactly 2 '^door '
at=$(sed -n 's/^door 1 at=\([0-9]*\).*/\1/p' "$log")
[[ $at -ge $((before - 20)) && $at -le $((after + 20)) ]] ||
	fail "$case: stamped $at, the first edge was between $before and $after"
gpio-pull 0 down
expect 2 '^door 0 '
stop && passed

case="a glitch within the debounce is nothing"
start door:1500 pump:0
expect 1 '^door 0 ' && expect 1 '^pump 0 '
gpio-pull 0 up; gpio-pull 0 down
gpio-pull 0 up; gpio-pull 0 down
for ((i = 0; i < 4; i++)); do # other edges go on meanwhile, and prove that it lives
	gpio-pull 2 up; expect $((i + 1)) '^pump 1 '
	gpio-pull 2 down; expect $((i + 2)) '^pump 0 '
	pause 0.5
done
exactly 1 '^door '
stop && passed

case="a latched pulse is told though it was over at once"
start panic:200:latch
expect 1 '^panic 0 '
gpio-pull 1 up; gpio-pull 1 down
expect 1 '^panic 1 ' && expect 2 '^panic 0 '
exactly 3 '^panic '
stop && passed

# The kernel keeps the oldest 16 edges and drops the others without a sign.
case="a storm of 41 edges while nobody reads ends with the true level"
start door:0 pump:100
expect 1 '^door 0 ' && expect 1 '^pump 0 '
kill -STOP "$pid"
for ((i = 0; i < 20; i++)); do
	gpio-pull 0 up; gpio-pull 0 down
	gpio-pull 2 up; gpio-pull 2 down
done
gpio-pull 0 up
gpio-pull 2 up
kill -CONT "$pid"
expect 1 '^pump 1 '
gpio-pull 1 up # anything later, so that the storm is surely over
last pump 1
for ((i = 0; i < 100; i++)); do
	[[ $(grep '^door ' "$log" | tail -n 1) != "door 1 "* ]] || break
	pause 0.05
done
last door 1
gpio-pull 0 down; gpio-pull 1 down; gpio-pull 2 down
expect 1 '^pump 0 '
stop && passed

case="a line held by another program"
gpioset --mode=signal "${GPIO_CHIP#/dev/}" 1=0 &
holder=$!
for ((i = 0; i < 200; i++)); do
	! gpioinfo "$GPIO_CHIP" | grep -q '"panic".*used' || break
	pause 0.05
done
start door:50 panic:50
expect 1 '^link lost line-busy' && expect 1 '^panic bad ' && expect 1 '^door 0 '
expect 1 'held by gpioset'
gpio-pull 0 up
expect 1 '^door 1 '
kill "$holder"; wait "$holder" 2>/dev/null
expect 1 '^link up' && expect 1 '^panic 0 '
gpio-pull 0 down
expect 2 '^door 0 '
stop && passed

case="no line of that name"
start door:50 nothing:50
expect 1 '^link lost line-missing' && expect 1 '^nothing bad ' && expect 1 '^door 0 '
stop && passed

case="no chip of that name"
chip=nowhere
start door:50
expect 1 '^link lost chip-missing' && expect 1 'no GPIO chip with the label'
exactly 0 '^door '
stop && passed
chip=watchroom-vm

case="no permission names device, group and cure"
chmod 660 "$GPIO_CHIP"
chgrp 60 "$GPIO_CHIP"
: >"$log"
setpriv --reuid 65534 --regid 65534 --clear-groups "$probe" "$GPIO_CHIP" door:50 \
	>>"$log" 2>&1 &
pid=$!
expect 1 '^link lost permission' &&
	expect 1 "no permission for $GPIO_CHIP, which belongs to group games.*add the service user"
stop && passed

case="an unplugged chip is lost once, costs nothing, and comes back"
start door:50
expect 1 '^door 0 '
gpio-unplug 2>/dev/null
expect 1 '^link lost chip-gone'
pause 3 # time in which a busy loop would burn
exactly 1 '^link lost'
gpio-plug
expect 2 '^link up' && expect 2 '^door 0 '
gpio-pull 0 up
expect 1 '^door 1 '
stop
cpu=$(sed -n 's/^cpu //p' "$log")
[[ $cpu -lt 1500 ]] || fail "$case: $cpu ms of CPU"
passed

rm -rf "$work"
echo "$failed failed"
[[ $failed = 0 ]]
