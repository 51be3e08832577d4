#!/bin/bash
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The virtual machine itself: what later tests build on is there and does what its name
# says. Runs inside, as root; the last case ends the machine.
set -uo pipefail
# shellcheck source=tests/vm/lib.sh
. "${0%/*}/lib.sh"
build=$1
seq=''
DEVICE_BYTES=$((8 << 20))

# A block device of its own for each case, empty; its name in $device.
new_device() {
	local file=$work/device-$case
	modprobe loop 2>/dev/null
	truncate -s "$DEVICE_BYTES" "$file"
	device=$(losetup -f) && losetup "$device" "$file"
}

sectors() { echo $((DEVICE_BYTES / 512)); }

write_block() { # DEVICE LETTER: its first 4 KiB, past all caches
	head -c 4096 /dev/zero | tr '\0' "$2" |
		dd of="$1" bs=4096 count=1 oflag=direct conv=notrunc 2>>"$log"
}

first_letter() { dd if="$1" bs=4096 count=1 iflag=direct 2>>"$log" | head -c 1; }

case_files_are_the_hosts_and_writing_is_forgotten() {
	[[ -e ${0%/*}/lib.sh && -c $GPIO_CHIP ]] || fail "no files, or no chip"
	echo 1 >"${0%/*}/written-in-the-machine" || fail "not writable"
}

case_a_folder_that_keeps_what_is_written() {
	echo "written inside" >"$RW/kept" || fail "not writable"
}

case_a_network_that_delays_and_loses() {
	local ms
	tc qdisc add dev lo root netem delay 300ms 2>>"$log" || fail "no netem"
	ms=$(busybox ping -c 1 -W 30 127.0.0.1 | sed -n 's/.*time=\([0-9]*\).*/\1/p')
	[[ ${ms:-0} -ge 600 ]] || fail "there and back in ${ms:-no} ms"
	tc qdisc change dev lo root netem loss 100%
	! busybox ping -c 1 -W 2 127.0.0.1 >>"$log" || fail "nothing was lost"
	tc qdisc del dev lo root
	busybox ping -c 1 -W 30 127.0.0.1 >>"$log" || fail "still lost"
}

case_a_disk_that_refuses_writes() {
	local device
	new_device || { fail "no loop device"; return; }
	modprobe dm-flakey || fail "no dm-flakey"
	write_block "$device" a
	dmsetup create refuses --table \
		"0 $(sectors) flakey $device 0 0 3600 1 error_writes" 2>>"$log" || fail "dmsetup"
	! write_block /dev/mapper/refuses b || fail "the write succeeded"
	grep -q 'Input/output error' "$log" || fail "no I/O error"
	[[ $(first_letter /dev/mapper/refuses) = a ]] || fail "reading fails too"
	dmsetup remove refuses
}

case_a_disk_that_lies() {
	local device
	new_device || { fail "no loop device"; return; }
	write_block "$device" a
	dmsetup create lies --table \
		"0 $(sectors) flakey $device 0 0 3600 1 drop_writes" 2>>"$log" || fail "dmsetup"
	write_block /dev/mapper/lies b || fail "the write was refused"
	dmsetup remove lies
	[[ $(first_letter "$device") = a ]] || fail "the write arrived"
}

case_a_disk_that_logs_each_write() {
	local device data entries
	new_device || { fail "no loop device"; return; }
	data=$device
	case=${case}_log new_device || { fail "no second loop device"; return; }
	modprobe dm-log-writes || fail "no dm-log-writes"
	dmsetup create logs --table "0 $(sectors) log-writes $data $device" 2>>"$log" ||
		fail "dmsetup"
	write_block /dev/mapper/logs b
	dmsetup message logs 0 mark here
	dmsetup remove logs
	# The super block: magic, version, number of entries, each 8 bytes little endian.
	entries=$(dd if="$device" bs=8 skip=2 count=1 2>/dev/null | od -An -tu8 | tr -d ' ')
	[[ ${entries:-0} -ge 2 ]] || fail "${entries:-no} entries"
	grep -q here "$device" || fail "the mark is not in the log"
}

api() { curl -s "http://127.0.0.1:8470$1"; }
healthz_says() { [[ $(api /healthz) == *"\"store\":\"$1\""* ]]; }
panic_is() { # NOT-DURABLE|DURABLE: the open alarm of the desk
	local alarm
	alarm=$(api /api/v1/alarms | sed -n 's/.*\({[^{}]*"point":"panic".*\)/\1/p')
	case $1 in
	not-durable) [[ $alarm == *'"seq":null'* ]] ;;
	durable) [[ $alarm && $alarm != *'"seq":null'* ]] ;;
	esac
}
site_with_a_panic_button() {
	cat <<-YAML
		site: {id: vm, time_zone: Asia/Shanghai}
		console: {listen: "127.0.0.1:8470"}
		gpio:
		  - id: room-io
		    chip: watchroom-vm
		    points: [{id: panic, line: "1", kind: panic, place: {en: Desk}}]
	YAML
}
launch() { # FOLDER
	site_with_a_panic_button >"$1/site.yaml"
	WATCHROOM_DATA=$PWD "$build/daemon/watchroomd" -c "$1/site.yaml" --state "$1" \
		>>"$log" 2>&1 &
	pid=$!
	expect 1 'console on port'
}
target() { # NAME TABLE...: another target under a mapped device that is in use
	dmsetup suspend --noflush --nolockfs "$1" && dmsetup load "$1" --table "${*:2}" &&
		dmsetup resume "$1"
}

# The file system has no log of its own: that one gives up for good at the first error,
# and only a mount anew would heal it.
case_the_daemon_on_a_disk_that_refuses_writes() {
	local device pid state=$work/refusing
	new_device || { fail "no loop device"; return; }
	dmsetup create shaky --table "0 $(sectors) linear $device 0" 2>>"$log" || fail "dmsetup"
	mkdir "$state"
	mkfs.ext4 -qO ^has_journal /dev/mapper/shaky
	mount /dev/mapper/shaky "$state" || { fail "no file system"; return; }
	launch "$state"
	until_true "the store is well" healthz_says ok
	target shaky "0 $(sectors) flakey $device 0 0 3600 1 error_writes" || fail "no flakey"
	gpio-pull 1 up
	until_true "the alarm is shown before it is saved (I2)" panic_is not-durable
	until_true "the mode is named (I9)" healthz_says io_error
	sleep 2 # late is what waited for a second or more
	target shaky "0 $(sectors) linear $device 0" || fail "no linear"
	until_true "the store heals by itself" healthz_says ok
	until_true "the alarm is saved" panic_is durable
	[[ $(api '/api/v1/events?point=panic') == *'"late_ms":'* ]] || fail "not marked late"
	kill -TERM "$pid"
	wait "$pid" || fail "status $?"
	gpio-pull 1 down
	cp "$state/journal.db" "$RW/refused.db"
	umount "$state"
	dmsetup remove shaky
}

# The daemon's journal is on the disk; what it says is committed must be there after the
# cut. SEQ of the last event that the API called durable goes to the fact file.
case_power_is_cut() {
	launch /disk
	echo durable >/disk/durable || fail "no disk"
	sync
	gpio-pull 1 up
	until_true "the panic has a seq" panic_is_durable
	echo "panic_seq $seq" >>"$RW/facts"
	echo lost >/disk/lost
	[[ $broken = 1 ]] || echo "ok $case"
	cut-power
}
panic_is_durable() {
	events=$(api '/api/v1/events?point=panic')
	seq=$(sed -n 's/.*"seq":\([0-9]*\)[^{}]*"kind":"alarm.onset".*/\1/p' <<<"$events")
	[[ $seq ]]
}

run_cases
