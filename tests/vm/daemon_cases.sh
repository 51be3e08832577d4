#!/bin/bash
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The real daemon on GPIO lines; runs inside the virtual machine:
#   daemon_cases.sh BUILD    with RW, a folder that stays
# The cases move lines and wait for durable events. What the journal says is judged
# outside, by test_vm.py: it gets the databases and `facts`, one "NAME VALUE" a line.
set -uo pipefail
# shellcheck source=tests/vm/lib.sh
. "${0%/*}/lib.sh"
build=$1
site=$work/site.yaml
state=$work/state
pid=''
holder=''

cat >"$site" <<'YAML'
site: {id: vm, name: {zh: 虚拟机, en: Virtual machine}, time_zone: Asia/Shanghai}
console: {listen: "127.0.0.1:8470"}
gpio:
  - id: room-io
    chip: watchroom-vm
    points:
      - {id: valve, line: door, kind: valve, debounce: 2s, place: {zh: 阀门, en: Valve}}
      - {id: panic, line: panic, kind: panic, pulse: latch, debounce: 30ms,
         place: {zh: 值班台, en: Desk}}
      - {id: pump, line: pump, kind: pump-run, debounce: 0ms, place: {zh: 泵, en: Pump}}
      - {id: power, line: "3", kind: fault-contact, active: low, bias: pull-up,
         place: {zh: 电源, en: Power}}
      - {id: kernel, line: "4", kind: module, debounce: 1s, debounce_by: kernel,
         place: {zh: 模块, en: Module}}
      - {id: busy, line: "5", kind: door, place: {zh: 被占用, en: Held}}
doors: [{point: busy, held: 0s}]
outputs:
  - {id: siren, role: sounder, gpio: room-io, line: "6", allow_write: true}
  - {id: dead-man, role: heartbeat, gpio: room-io, line: "7", active: low, period: 2s,
     allow_write: true}
YAML

fact() { echo "$1 $2" >>"$RW/facts"; }

launch() { # as COMMAND...
	"$@" "$build/daemon/watchroomd" -c "$site" --state "$state" >>"$log" 2>&1 &
	pid=$!
}

# happened N WHERE: at least N durable events.
happened() {
	local n
	n=$(sqlite3 -readonly "$state/journal.db" \
		"SELECT count(*) FROM v_event WHERE $2" 2>/dev/null)
	[[ ${n:-0} -ge $1 ]]
}

event() { until_true "event $2" happened "$@"; }

end_daemon() {
	kill -TERM "$pid"
	wait "$pid" || fail "status $?"
}

held() { gpioinfo "$GPIO_CHIP" | grep -q 'line *5: .*used'; }

case_daemon_starts_with_a_line_held_by_another_program() {
	gpioset --mode=signal "${GPIO_CHIP#/dev/}" 5=0 &
	holder=$!
	until_true "the line is held" held
	WATCHROOM_DATA=$PWD launch env
	event 1 "kind = 'alarm.onset' AND point = '@gpio/room-io' AND code = 'line-busy'"
	event 1 "kind = 'alarm.onset' AND point = 'busy' AND code = 'line-busy'"
	expect 1 'is held by gpioset'
	kill "$holder"; wait "$holder" 2>/dev/null
	event 1 "kind = 'alarm.clear' AND point = '@gpio/room-io'"
	event 1 "kind = 'alarm.clear' AND point = 'busy'"
}

case_daemon_first_edge_is_the_stamp() {
	local file
	file=$(pull_file 0)
	fact valve_before "$(mono_ms)"
	echo pull-up >"$file"
	fact valve_after "$(mono_ms)"
	for _ in 1 2 3 4; do
		pause 0.1
		echo pull-down >"$file"
		pause 0.1
		echo pull-up >"$file"
	done
	event 1 "kind = 'alarm.onset' AND point = 'valve'"
	gpio-pull 0 down
	event 1 "kind = 'alarm.clear' AND point = 'valve'"
}

case_daemon_a_pulse_of_the_panic_button_is_latched() {
	fact panic_before "$(mono_ms)"
	storm 1 1
	fact panic_after "$(mono_ms)"
	event 1 "kind = 'alarm.onset' AND point = 'panic'"
	event 1 "kind = 'alarm.clear' AND point = 'panic'"
}

level_is() { # LINE VALUE: what the line carries; without a process
	local file=("$GPIO_SIM"/gpiochip*/sim_gpio"$1"/value) level
	read -r level <"${file[0]}" && [[ $level = "$2" ]]
}
level() { until_true "line $1 carries $2" level_is "$1" "$2"; }

beats() { level 7 1 && level 7 0 && level 7 1; }

case_daemon_an_alarm_drives_the_sounder() {
	level 6 1
	event 1 "kind = 'output.on' AND point = '@output/siren' AND class = 'security'"
}

case_daemon_the_heartbeat_stops_with_the_daemon() {
	local n carried=0
	beats
	event 1 "kind = 'output.on' AND point = '@output/dead-man'"
	kill -STOP "$pid"
	pause 0.2
	level_is 7 1 && carried=1
	for ((n = 0; n < 30; n++)); do
		pause 0.2
		level_is 7 "$carried" || { fail "it beats on, after $n"; break; }
	done
	kill -CONT "$pid"
	beats
}

case_daemon_a_door_is_forced() {
	gpio-pull 5 up
	event 1 "kind = 'alarm.onset' AND point = 'busy' AND code = 'forced'
		AND class = 'security'"
	gpio-pull 5 down
}

# Active low, held up by the chip's own bias.
case_daemon_a_loop_that_is_opened() {
	gpio-pull 3 down
	event 1 "kind = 'alarm.onset' AND point = 'power' AND condition = 'fault'"
	gpio-pull 3 up
	event 1 "kind = 'alarm.clear' AND point = 'power'"
}

case_daemon_debounced_by_the_kernel() {
	gpio-pull 4 up
	event 1 "kind = 'alarm.onset' AND point = 'kernel'"
	gpio-pull 4 down
	event 1 "kind = 'alarm.clear' AND point = 'kernel'"
}

case_daemon_lost_edges_are_a_fault_of_the_point() {
	kill -STOP "$pid"
	storm 2 100
	gpio-pull 2 up
	kill -CONT "$pid"
	event 1 "kind = 'alarm.onset' AND point = 'pump' AND code = 'overflow'"
	event 1 "kind = 'alarm.onset' AND point = 'pump' AND condition = 'activated'"
}

case_daemon_a_change_while_the_chip_was_away_is_found_after_the_gap() {
	gpio-unplug 2>/dev/null
	event 1 "kind = 'alarm.onset' AND point = '@gpio/room-io' AND code = 'chip-gone'"
	fact gone "$(date +%s%3N)"
	gpio-plug
	gpio-pull 0 up # before the driver finds it, or after: both are after the gap
	event 2 "kind = 'alarm.clear' AND point = '@gpio/room-io'"
	event 1 "kind = 'blind' AND point = '@gpio/room-io'"
	event 2 "kind = 'alarm.onset' AND point = 'valve'"
}

# With the chip went what was driven; with the chip it comes back.
case_daemon_outputs_are_driven_again_after_the_gap() {
	event 1 "kind = 'alarm.onset' AND point = '@output/siren' AND code = 'output-lost'"
	event 1 "kind = 'alarm.clear' AND point = '@output/siren' AND code = 'output-lost'"
	level 6 1
	beats
}

lines_are_free() { ! gpioinfo "$GPIO_CHIP" | grep -q watchroom; }

case_daemon_ends_well() {
	end_daemon
	happened 1 "kind = 'output.off' AND point = '@output/siren' AND
		json_extract(params, '$.reason') = 'exit'" || fail 'no fail-safe state at the end'
	lines_are_free || fail 'lines are still held'
	cp "$state"/*.db "$RW/"
}

# Killed, it drives nothing any more, and the kernel has its lines back.
case_daemon_killed_beats_no_more() {
	local n carried=0
	state=$work/killed
	mkdir "$state"
	WATCHROOM_DATA=$PWD launch env
	beats
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	until_true 'the lines are free' lines_are_free
	level_is 7 1 && carried=1
	for ((n = 0; n < 20; n++)); do
		pause 0.2
		level_is 7 "$carried" || { fail "it beats on, after $n"; break; }
	done
}

case_daemon_without_permission_says_what_to_do() {
	local chip
	chip=$(echo /dev/gpiochip*)
	chmod 660 "$chip"
	chgrp 60 "$chip"
	state=$work/unprivileged
	mkdir "$state"
	chmod 755 "$work"
	chown 65534 "$state"
	WATCHROOM_DATA=$PWD launch setpriv --reuid 65534 --regid 65534 --clear-groups
	event 1 "kind = 'alarm.onset' AND point = '@gpio/room-io' AND code = 'permission'"
	expect 1 "no permission for $chip, which belongs to group games.*add the service user"
	chgrp 65534 "$chip" # the cure, without a restart
	event 1 "kind = 'alarm.clear' AND point = '@gpio/room-io'"
	end_daemon
}

run_cases
