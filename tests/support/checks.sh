# shellcheck shell=bash
# Script tests: their beginning, what they start, and checks of what a program printed and how it ended. `run` wants a
# temporary folder ($work), which `begin_test` makes. A script ends with `N passed, N failed` of $passed and $failed.
set -u
# shellcheck source=tests/support/port.sh
. "$(dirname "${BASH_SOURCE[0]}")/port.sh"
passed=0 failed=0

# begin_test: leaves the folder of the sources ($top) for an empty one ($work), which goes when the script ends, like all that
# it has started. $build has the programs, $tranche is the one. Nothing of the user's settings takes part; KUBECONFIG is that of a
# cluster that there may be (cluster.sh).
begin_test() {
	cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
	top=$PWD
	build=$(realpath "${BUILD:-build}")
	# shellcheck disable=SC2034 # the test's
	tranche=$build/tranche
	work=$(mktemp -d)
	trap 'end_servers; rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM HUP
	leave_user_settings
	export KUBECONFIG=$work/kubeconfig
	cd "$work" || exit 2
}

# need PROGRAM...: or the test has failed.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || {
			echo "FAILED: $program is not installed; run make deps"
			echo "0 passed, 1 failed"
			exit 1
		}
	done
}

# start_server LOG COMMAND...: in the background, until the script ends; LOG gets its lines behind those that are there. Its
# process is $server.
start_server() {
	: >>"$1" # there before anybody looks into it
	"${@:2}" >>"$1" 2>&1 </dev/null &
	server=$!
}

# Whether a process of ours still runs. What has ended is not ours any more: its number is soon somebody else's.
is_running() {
	jobs -rp | grep -qx -- "$1"
}

# Ends what runs in the background, also what was stopped (kill -STOP), and waits for it. CONT comes first: after TERM it would
# take back the SIGSTOP with which LeakSanitizer halts what ends, and that would wait for it for ever.
end_servers() {
	local pids

	mapfile -t pids < <(jobs -rp)
	((${#pids[@]} == 0)) || kill -CONT "${pids[@]}" 2>/dev/null
	((${#pids[@]} == 0)) || kill -TERM "${pids[@]}" 2>/dev/null
	wait
}

indent() {
	printf '      %s' "${1//$'\n'/$'\n      '}"
}

# check_equal WHAT EXPECTED SEEN; of long texts a failure shows what differs.
check_equal() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		return 0
	fi
	failed=$((failed + 1))
	if [ "$(wc -l <<<"$2")" -lt 20 ]; then
		printf 'FAILED: %s\n    expected:\n%s\n    seen:\n%s\n' "$1" "$(indent "$2")" "$(indent "$3")"
	else
		printf 'FAILED: %s\n' "$1"
		diff -u --label expected <(echo "$2") --label seen <(echo "$3")
	fi
	return 1
}

# check_like WHAT PATTERN SEEN: a shell pattern, for what holds ids and times.
check_like() {
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ $3 == $2 ]]; then
		check_equal "$1" same same
	else
		check_equal "$1" "like: $2" "$3"
	fi
}

# run COMMAND...: leaves its exit status in $status, its output in $out and $err. It may take $run_seconds.
run_seconds=300
run() {
	timeout "$run_seconds" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(<"$work/out") err=$(<"$work/err")
}

# check_run WHAT STATUS OUT ERR: how the last `run` went; OUT and ERR are patterns.
check_run() {
	check_like "$1" "exit status $2
$3
$4" "exit status $status
$out
$err"
}

# check_exact WHAT STATUS OUT ERR: the same, with texts.
check_exact() {
	check_equal "$1" "exit status $2
$3
$4" "exit status $status
$out
$err"
}

# Deadlines are for what never comes: on a machine that is busy with other things all takes many times as long as one
# would think.
patience=4

# wait_for SECONDS COMMAND...: until it succeeds; fails at the deadline, which is $patience times that.
wait_for() {
	local deadline=$((SECONDS + patience * $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# wait_until WHAT COMMAND...: until it succeeds; a failed check after 30 s.
wait_until() {
	wait_for 30 "${@:2}" 2>/dev/null || check_equal "$1" "in time" "not after 30 s"
}

# wait_equal WHAT SECONDS EXPECTED COMMAND...: checks that its output is that, at the deadline at the latest.
wait_equal() {
	local what=$1 deadline=$((SECONDS + patience * $2)) expected=$3 seen

	shift 3
	while seen=$("$@" 2>&1); [ "$seen" != "$expected" ] && [ "$SECONDS" -lt "$deadline" ]; do
		sleep 0.05
	done
	check_equal "$what" "$expected" "$seen"
}

# Nothing of the user's own settings takes part: HOME is $work.
leave_user_settings() {
	export LC_ALL=C HOME=$work GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME='Ada Author' GIT_AUTHOR_EMAIL=ada@example.org
	export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
	unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_STATE_HOME NO_COLOR GIT_DIR GIT_WORK_TREE
}
