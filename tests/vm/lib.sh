# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What the case files share; sourced inside the virtual machine. A case is a function
# case_NAME; run_cases runs them in the order of the file and prints one line for each,
# "ok NAME" or "not ok NAME", which tests/vm/test_vm.py counts. Nothing waits for a time:
# the machine is slow, and slower when the one around it is busy.
work=$(mktemp -d)
log=$work/log
mkfifo "$work/never"
# The one chip; after a replug it may have another number.
GPIO_CHIP=$(echo /dev/gpiochip*)
export GPIO_CHIP
case=''
broken=0
count=0
limit=180 # seconds for one thing to happen

# Waits without a process of its own; starting one takes long here.
pause() { read -rt "$1" _ <>"$work/never" || true; }

fail() {
	echo "    $case: $*"
	sed 's/^/    | /' "$log"
	broken=1
	return 1
}

# until_true WHAT COMMAND...: the command succeeds before the limit.
until_true() {
	local what=$1 end=$((SECONDS + limit))
	shift
	until "$@"; do
		[[ $SECONDS -lt $end ]] || { fail "not within $limit s: $what"; return 1; }
		pause 0.1
	done
}

# How many lines of the log match PATTERN, in $count; without a process.
count_lines() {
	local lines line
	mapfile -t lines <"$log"
	count=0
	for line in "${lines[@]}"; do
		[[ ! $line =~ $1 ]] || count=$((count + 1))
	done
}

log_has() {
	count_lines "$2"
	[[ $count -ge $1 ]]
}

# expect N PATTERN: at least N lines of the log match.
expect() { until_true "$1 times: $2" log_has "$1" "$2"; }

exactly() {
	count_lines "$2"
	[[ $count = "$1" ]] || fail "$count instead of $1 times: $2"
}

# Monotonic milliseconds, to a hundredth of a second.
mono_ms() {
	local up
	read -r up _ </proc/uptime
	up=${up/./}
	echo $((10#$up * 10))
}

# Processor time of a process in ms, to a hundredth of a second.
cpu_ms() {
	local stat
	read -r -a stat <"/proc/$1/stat"
	echo $(((stat[13] + stat[14]) * 10))
}

# The file behind the pull of a line.
pull_file() { echo "$GPIO_SIM"/gpiochip*/sim_gpio"$1"/pull; }

# The helper of that name, without a process.
gpio-pull() {
	local file=("$GPIO_SIM"/gpiochip*/sim_gpio"$1"/pull)
	echo "pull-$2" >"${file[0]}"
}

# storm LINE N: N times up and down, as fast as it goes.
storm() {
	local file i
	file=$(pull_file "$1")
	for ((i = 0; i < $2; i++)); do
		echo pull-up >"$file"
		echo pull-down >"$file"
	done
}

run_cases() {
	local names name
	mapfile -t names < <(sed -n 's/^case_\([a-z0-9_]*\)() {.*/\1/p' "$0")
	for name in "${names[@]}"; do
		case=$name
		broken=0
		: >"$log"
		"case_$name"
		if [[ $broken = 0 ]]; then
			echo "ok $name ($SECONDS s)"
		else
			echo "not ok $name"
		fi
	done
	rm -rf "$work"
	echo "all cases were run"
}
