#!/bin/bash
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The GPIO driver on the kernel's own character device; runs inside the virtual machine:
#   tests/vm/run-in-vm --lines 6 --names door,panic,pump -- tests/vm/gpio_cases.sh PROBE
# The same cases for both generations of libgpiod. Waits for what the probe prints.
set -uo pipefail
# shellcheck source=tests/vm/lib.sh
. "${0%/*}/lib.sh"
probe=$1
chip=watchroom-vm
pid=''

# start LINE...: the probe on these lines of $chip, an empty log.
start() {
	: >"$log"
	"$probe" "$chip" "$@" >>"$log" 2>&1 &
	pid=$!
}

stop() {
	kill -TERM "$pid" && wait "$pid"
	grep -q '^edges ' "$log" || fail "the probe did not end well"
}

last_is() { # LINE LEVEL: its last report
	local lines line last=''
	mapfile -t lines <"$log"
	for line in "${lines[@]}"; do
		[[ $line != "$1 "* ]] || last=$line
	done
	[[ $last == "$1 $2 "* ]]
}

last() { until_true "last report of $1 is $2" last_is "$1" "$2"; }

# storm_down LINE: down and up again, as fast as it goes.
storm_down() {
	local file
	file=$(pull_file "$1")
	echo pull-down >"$file"
	echo pull-up >"$file"
}

a_door_opens_and_closes() {
	start door:50
	expect 1 '^link up' && expect 1 '^door 0 .*not_before=0'
	gpio-pull 0 up
	expect 1 '^door 1 '
	gpio-pull 0 down
	expect 2 '^door 0 '
	exactly 3 '^door '
	stop
}

case_a_chip_by_its_label() {
	chip=watchroom-vm a_door_opens_and_closes
}

case_a_chip_by_its_name() {
	chip=${GPIO_CHIP#/dev/} a_door_opens_and_closes
}

case_a_chip_by_its_path() {
	chip=$GPIO_CHIP a_door_opens_and_closes
}

case_a_line_by_its_number() {
	start 2:50
	expect 1 '^2 0 '
	gpio-pull 2 up
	expect 1 '^2 1 '
	gpio-pull 2 down
	expect 2 '^2 0 '
	stop
}

case_a_contact_closed_at_start_is_told_at_start() {
	gpio-pull 0 up
	start door:50
	expect 1 '^door 1 '
	gpio-pull 0 down
	expect 1 '^door 0 '
	stop
}

case_five_bounces_are_one_change_stamped_with_the_first() {
	local before after at file
	start door:2000
	expect 1 '^door 0 '
	file=$(pull_file 0)
	before=$(mono_ms)
	echo pull-up >"$file"
	after=$(mono_ms)
	for _ in 1 2 3 4; do
		pause 0.1
		echo pull-down >"$file"
		pause 0.1
		echo pull-up >"$file"
	done
	expect 1 '^door 1 '
	exactly 2 '^door '
	at=$(sed -n 's/^door 1 at=\([0-9]*\).*/\1/p' "$log")
	[[ $at -ge $((before - 20)) && $at -le $((after + 20)) ]] ||
		fail "stamped $at, the first edge was between $before and $after"
	gpio-pull 0 down
	expect 2 '^door 0 '
	stop
}

case_a_glitch_within_the_debounce_is_nothing() {
	local i
	start door:2000 pump:0
	expect 1 '^door 0 ' && expect 1 '^pump 0 '
	storm 0 2
	for ((i = 0; i < 4; i++)); do # other edges go on meanwhile, and prove that it lives
		gpio-pull 2 up; expect $((i + 1)) '^pump 1 '
		gpio-pull 2 down; expect $((i + 2)) '^pump 0 '
		pause 0.5
	done
	exactly 1 '^door '
	stop
}

case_a_latched_pulse_is_told_though_it_was_over_at_once() {
	start panic:200:latch
	expect 1 '^panic 0 '
	storm 1 1
	expect 1 '^panic 1 ' && expect 2 '^panic 0 '
	exactly 3 '^panic '
	stop
}

# A button that opens its circuit.
case_a_latched_pulse_of_a_line_that_is_active_low() {
	gpio-pull 1 up
	start panic:200:latch-low
	expect 1 '^panic 1 '
	storm_down 1
	expect 1 '^panic 0 ' && expect 2 '^panic 1 '
	exactly 3 '^panic '
	stop
	gpio-pull 1 down
}

# Debounced by the kernel where it can (libgpiod 2), by the driver elsewhere: the same.
case_debounced_by_the_kernel() {
	local i
	start door:2000:kernel pump:0
	expect 1 '^door 0 ' && expect 1 '^pump 0 '
	storm 0 3
	for ((i = 0; i < 2; i++)); do
		gpio-pull 2 up; expect $((i + 1)) '^pump 1 '
		gpio-pull 2 down; expect $((i + 2)) '^pump 0 '
		pause 0.5
	done
	exactly 1 '^door '
	storm 0 2
	gpio-pull 0 up
	expect 1 '^door 1 '
	exactly 2 '^door '
	gpio-pull 0 down
	expect 2 '^door 0 '
	stop
	# Four edges of the pump and two of the door: the kernel kept the bounces to itself.
	! log_has 1 '^backend debounce=kernel' || exactly 1 '^edges 6$'
}

# The bias is the line's own pull; what the world does outside comes after it.
case_bias() {
	start 3:50:pull-up 4:50:pull-down
	expect 1 '^3 1 ' && expect 1 '^4 0 '
	gpio-pull 3 down
	expect 1 '^3 0 '
	stop
	start 3:50:disabled 4:50:as-is
	expect 1 '^3 ' && expect 1 '^4 '
	gpio-pull 4 up
	expect 1 '^4 1 '
	gpio-pull 4 down
	stop
}

# Nobody reads for a while: the kernel keeps 16 edges (libgpiod 1: the oldest) or as many
# as were asked for (libgpiod 2: the newest). The level is true, and the loss is told.
case_a_storm_that_overflows_ends_with_the_true_level_and_a_fault() {
	start door:0 pump:100 panic:100
	expect 1 '^door 0 ' && expect 1 '^pump 0 '
	kill -STOP "$pid"
	storm 0 100
	storm 2 100
	gpio-pull 0 up
	gpio-pull 2 up
	kill -CONT "$pid"
	expect 1 '^pump 1 .* overflow'
	last door 1
	expect 1 '^door .* overflow'
	exactly 0 '^panic .* overflow'
	gpio-pull 0 down
	last door 0
	gpio-pull 2 down
	last pump 0
	stop
}

case_a_line_held_by_another_program() {
	local holder
	gpioset --mode=signal "${GPIO_CHIP#/dev/}" 1=0 &
	holder=$!
	until_true "the line is held" panic_is_held
	start door:50 panic:50
	expect 1 '^link lost line-busy' && expect 1 '^panic bad .* line-busy' &&
		expect 1 '^door 0 ' && expect 1 'is held by gpioset'
	gpio-pull 0 up
	expect 1 '^door 1 '
	kill "$holder"; wait "$holder" 2>/dev/null
	expect 1 '^link up' && expect 1 '^panic 0 '
	gpio-pull 0 down
	last door 0
	stop
}
panic_is_held() { gpioinfo "$GPIO_CHIP" | grep -q '"panic".*used'; }

case_no_line_of_that_name() {
	start door:50 nothing:50
	expect 1 '^link lost line-missing' && expect 1 '^nothing bad .* line-missing' &&
		expect 1 '^door 0 ' && expect 1 'the chip has no line "nothing"'
	stop
	start 99:50
	expect 1 '^link lost line-missing' && expect 1 '^99 bad '
	stop
}

case_no_chip_of_that_name() {
	chip=nowhere start door:50
	expect 1 '^link lost chip-missing' && expect 1 'no GPIO chip with the label'
	exactly 0 '^door '
	stop
	chip=/dev/gpiochip77 start door:50
	expect 1 '^link lost chip-missing' && expect 1 'there is no /dev/gpiochip77'
	stop
}

case_no_permission_names_device_group_and_cure() {
	local name
	chmod 660 "$GPIO_CHIP"
	chgrp 60 "$GPIO_CHIP"
	for name in "$GPIO_CHIP" watchroom-vm; do
		: >"$log"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$probe" "$name" door:50 \
			>>"$log" 2>&1 &
		pid=$!
		expect 1 '^link lost permission' &&
			expect 1 "no permission for $GPIO_CHIP, which belongs to group games.*add the service user"
		stop
	done
	: >"$log"
	setpriv --reuid 65534 --regid 65534 --groups 60 "$probe" "$GPIO_CHIP" door:50 \
		>>"$log" 2>&1 &
	pid=$!
	expect 1 '^link up' && expect 1 '^door 0 ' # in the group, without any other right
	stop
}

case_an_unplugged_chip_is_lost_once_costs_nothing_and_comes_back() {
	local cpu
	start door:50
	expect 1 '^door 0 '
	gpio-unplug 2>/dev/null
	expect 1 '^link lost chip-gone'
	cpu=$(cpu_ms "$pid")
	pause 5 # time in which a busy loop would burn
	cpu=$(($(cpu_ms "$pid") - cpu))
	[[ $cpu -lt 2500 ]] || fail "$cpu ms of processor time in 5 s"
	exactly 1 '^link lost'
	gpio-plug
	expect 2 '^link up' && expect 2 '^door 0 '
	gpio-pull 0 up
	expect 1 '^door 1 '
	gpio-pull 0 down
	stop
}

case_a_line_that_chatters_for_ever_leaves_the_others_alone() {
	local chatter cpu
	start door:50 pump:0
	expect 1 '^door 0 ' && expect 1 '^pump 0 '
	while :; do storm 2 50; done &
	chatter=$!
	gpio-pull 0 up
	expect 1 '^door 1 '
	gpio-pull 0 down
	expect 2 '^door 0 '
	kill "$chatter"; wait "$chatter" 2>/dev/null
	gpio-pull 2 up
	last pump 1
	gpio-pull 2 down
	last pump 0
	stop
}

run_cases
