# shellcheck shell=bash
# Checks of script tests: what a program printed and how it ended. The script makes a temporary folder
# ($work) before it calls `run`, and ends with `N passed, N failed` of $passed and $failed.
set -u
passed=0 failed=0

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
