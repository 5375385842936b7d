#!/usr/bin/env bash
# What the machine does to the process: too few descriptors, threads and bytes, closed and full outputs, no HOME, no
# /proc, a file system that cannot be written, a clock that is stepped, and being stopped while somebody else writes.
# It says what is wrong, stays alive, goes on when that has passed, and never writes what it should not.
# Takes no cluster but kubesim, and mount namespaces of its own: it has to be root.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=$(realpath "${BUILD:-build}/tranche")
kubesim=$(realpath "${BUILD:-build}/kubesim")
sources=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'end_servers; rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM HUP
leave_user_settings
need git python3 kubectl prlimit setpriv unshare
if [ "$(id -u)" != 0 ] || ! unshare --mount --propagation private true; then
	echo "FAILED: this has to be root, and to be allowed mount namespaces"
	echo "0 passed, 1 failed"
	exit 1
fi
chmod 755 "$work"
cd "$work" || exit 2
export KUBECONFIG=$work/kubeconfig
"${CC:-cc}" -shared -fPIC -o clock_step.so "$sources/clock_step.c" || exit 2

"$kubesim" --kubeconfig kubeconfig --ready-after 50ms --verbose >kubesim.log 2>&1 </dev/null &
wait_until "the cluster is up" test -s kubeconfig
make_shop

# --- the start ------------------------------------------------------------------------------------------------

# starts WHAT STATUS OUT ERR COMMAND...: as it does by itself, or ends with a sentence
starts() {
	local what=$1 status=$2 out=$3 err=$4

	shift 4
	run "$@"
	check_run "$what" "$status" "$out" "$err"
}
limited() {
	local limit=$1

	shift
	# shellcheck disable=SC2016 # for the other shell
	bash -c 'ulimit '"$limit"'; exec "$@"' - "$@"
}
synced=("$tranche" sync --repo shop --app start)
few_files='tranche: fewer than 12 files can be opened; raise the limit (ulimit -n)'
no_threads='tranche: 4 threads cannot be made (*); raise the limits of memory and processes (ulimit -v, -u)'

starts "nothing is wrong" 0 '*1 created, at main@*' '' "${synced[@]}"
for limit in 4 5 8 12; do
	starts "$limit descriptors" 8 '' "$few_files" limited "-n $limit" "${synced[@]}"
done
for limit in 24 32; do
	starts "$limit descriptors" 0 '1 in sync, at main@*' '' limited "-n $limit" "${synced[@]}"
done
starts "30 MiB of address space" 8 '' "$no_threads" limited "-v 30000" "${synced[@]}"
starts "45 MiB of address space" 8 '' "$no_threads" limited "-v 45000" "${synced[@]}"
starts "2 processes" 8 '' "$no_threads" setpriv --reuid 54321 --regid 54321 --clear-groups prlimit --nproc=2 \
	"$tranche" validate -f shop/a.yaml
starts "8 processes" 0 '' '0 errors, 0 warnings in 1 file' setpriv --reuid 54321 --regid 54321 --clear-groups prlimit --nproc=8 \
	"$tranche" validate -f shop/a.yaml

git -C shop fsck >/dev/null 2>fsck.before
for redirection in '>&-' '>/dev/full'; do
	starts "no output: $redirection" 8 '' 'tranche: cannot write to standard output' \
		bash -c "exec \"\$@\" $redirection" - "$tranche" diff --repo shop --app start
done
for redirection in '2>&-' '2>/dev/full' '0<&-' '0<&- 2>&-'; do
	starts "no messages: $redirection" 0 '*1 in sync, at main@*' '' bash -c "exec \"\$@\" $redirection" - \
		"$tranche" diff --repo shop --app start
done
starts "nothing at all" 8 '' '' bash -c 'exec "$@" <&- >&- 2>&-' - "$tranche" diff --repo shop --app start
check_equal "nothing was written into the repository instead" "$(<fsck.before)" "$(git -C shop fsck 2>&1 >/dev/null)"

no_server=http://localhost:1/shop.git
refused="tranche: cannot read $no_server: failed to connect to localhost: Connection refused"
starts "no HOME" 0 '1 in sync, at main@*' '' env -u HOME "${synced[@]}"
starts "no HOME, for a clone" 2 '' 'tranche: neither HOME nor XDG_CACHE_HOME is set; name the clone'"'"'s folder with --git-dir' \
	env -u HOME "$tranche" validate --repo $no_server
starts "no HOME, and a folder for the clone" 5 '' "$refused" env -u HOME "$tranche" validate --repo $no_server --git-dir clone
starts "a HOME that is a file" 5 '' "tranche: cannot make folder $work/kubeconfig/.cache: Not a directory; name another one with --git-dir" \
	env HOME="$work/kubeconfig" "$tranche" validate --repo $no_server
starts "no TMPDIR" 0 '1 in sync, at main@*' '' env TMPDIR=/nonexistent "${synced[@]}"
for zone in Nonsense :/etc/passwd XXX-99 ''; do
	starts "the time zone '$zone'" 0 '1 in sync, at main@*' '' env TZ="$zone" "${synced[@]}"
done
starts "no environment" 0 '1 in sync, at main@*' '' env -i KUBECONFIG="$KUBECONFIG" "${synced[@]}"

# in_namespace COMMAND ARGUMENT...: after the command, in a mount namespace
in_namespace() {
	unshare --mount --propagation private bash -c "$1"' && shift && exec "$@"' - "$@"
}
starts "no /proc" 0 '1 in sync, at main@*' '' in_namespace 'umount -l /proc' "${synced[@]}"
starts "no /proc, for a clone" 5 '' "tranche: cannot read $no_server: /proc is not mounted, through which the process that fetches is started" \
	in_namespace 'umount -l /proc' "$tranche" validate --repo $no_server --git-dir clone
read_only='mount -o remount,bind,ro /'
starts "nothing can be written" 0 '1 in sync, at main@*' '' in_namespace "$read_only" "${synced[@]}"
starts "nothing can be written, for a clone" 5 '' 'tranche: cannot make folder other: Read-only file system; name another one with --git-dir' \
	in_namespace "$read_only" "$tranche" validate --repo $no_server --git-dir other

# --- while it runs ----------------------------------------------------------------------------------------------

logged() {
	[ "$(grep -acF -- "$1" agent.log)" -ge "${2-1}" ]
}
# tells TEXT [COUNT]: the agent's log has it, that often.
tells() {
	wait_until "it tells: $1" logged "$@" && check_equal "told: $1" "${2-1}" "$(grep -acF -- "$1" agent.log)"
}
value() {
	kubectl get configmap a -o "jsonpath={.data.${1-v}}"
}
has_value() {
	[ "$(value)" = "$1" ]
}
applied() {
	wait_until "value $1 is applied" has_value "$1" && check_equal "applied" "$1" "$(value)"
}
agent=
agent() {
	"$@" >>agent.log 2>&1 </dev/null &
	agent=$!
}
# ends WHAT: by TERM, well
ends() {
	kill "$agent"
	wait "$agent"
	check_equal "$1: it ends well" 0 $?
}

# Many apps, as many repositories, none of which can be opened for a while.
for ((i = 0; i < 20; i++)); do
	git clone -q --no-local "file://$work/shop" "repo-$i"
	sed "s/name: a/name: a-$i/" shop/a.yaml >"repo-$i/a.yaml"
	git -C "repo-$i" commit -qam own
	apps+=("- {name: app-$i, source: {repo: $work/repo-$i}, interval: 1s}")
done
printf '%s\n' 'apiVersion: tranche.dev/v1' 'kind: Config' 'apps:' "${apps[@]}" >config.yaml
agent "$tranche" run --config config.yaml
tells ': created' 20
prlimit --pid "$agent" --nofile=5:20000
for ((i = 0; i < 20; i++)); do
	sed -i 's/"1"/"2"/' "repo-$i/a.yaml"
	git -C "repo-$i" commit -qam two
done
tells 'Too many open files' 20
sleep 1
tells 'Too many open files' 20
prlimit --pid "$agent" --nofile=20000:20000
tells 'data.v "1" -> "2"' 20
tells 'the source works again' 20
ends "descriptors"

: >agent.log
agent "$tranche" run --repo shop --app start --interval 200ms
tells 'following'
applied 1
prlimit --pid "$agent" --as=1000000:unlimited
commit_shop 2 Second
sleep 1
check_equal "no memory: it lives" alive "$(kill -0 "$agent" && echo alive)"
prlimit --pid "$agent" --as=unlimited
applied 2
ends "memory"

# Its log: a disk that is full, a pipe that nobody reads any more.
agent bash -c 'exec "$@" 2>/dev/full' - "$tranche" run --repo shop --app start --interval 200ms
commit_shop 3 Third
applied 3
ends "a full log"
# shellcheck disable=SC2016 # for the shell that is begun
agent bash -c '"$@" 2>&1 | head -n 1; exit "${PIPESTATUS[0]}"' - "$tranche" run --repo shop --app start --interval 200ms
commit_shop 4 Fourth
applied 4
kill "$(pgrep -P "$agent" -x tranche)"
wait "$agent"
check_equal "a log that nobody reads: it ends well" 0 $?

# Stopped while its write is on its way, and somebody else writes before that arrives: it does not overwrite what it has not seen.
: >agent.log
agent "$tranche" run --repo shop --app start --interval 1h
tells 'following'
asks() {
	tail -n "+$from" kubesim.log | grep 'PUT /api/v1/namespaces/default/configmaps/a' | grep -v dryRun | grep -q 'waits$'
}
puts() {
	tail -n "+$from" kubesim.log | grep -E 'PUT /api/v1/namespaces/default/configmaps/a' | grep -v dryRun | grep -oE ' (200|409)$' | paste -sd' '
}
from=$(wc -l <kubesim.log)
echo 'delay=1500ms@update:configmaps*1' | kubectl replace --raw /kubesim/faults -f - >/dev/null
commit_shop 5 Fifth
wait_until "its write is on its way" asks
kill -STOP "$agent"
kubectl patch configmap a --type merge -p '{"data":{"theirs":"x"}}' >/dev/null
sleep 2 # it has arrived
kill -CONT "$agent"
applied 5
check_equal "stopped: what it had not seen was not overwritten" " 409  200" "$(puts)"
check_equal "stopped: and goes as Git says" "" "$(value theirs)"

# Stopped for longer than its watches live, with changes by others: it sees them when it goes on.
kill -STOP "$agent"
kubectl patch configmap a --type merge -p '{"data":{"v":"drift"}}' >/dev/null
echo 'refuse@watch:configmaps*1' | kubectl replace --raw /kubesim/faults -f - >/dev/null
sleep 2
kill -CONT "$agent"
tells 'drift: data.v "5" -> drift'
check_equal "stopped: drift stays, nobody asked to undo it" drift "$(value)"
commit_shop 6 Sixth
applied 6
check_equal "stopped: no failure was told" 0 "$(grep -ac ' error ' agent.log)"
ends "stopped"

# --- the clock ----------------------------------------------------------------------------------------------------

# web PARTITION BAKE
web() {
	cat >shop/web.yaml <<-YAML
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web, annotations: {tranche.dev/step: "1", tranche.dev/bake: $2}}
		spec:
		  replicas: 3
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  updateStrategy: {rollingUpdate: {partition: $1}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: c, image: 'nginx:${3-2}'}]}
	YAML
	commit_shop "$value" "web $*"
}
partition() {
	kubectl get statefulset web -o 'jsonpath={.spec.updateStrategy.rollingUpdate.partition}'
}
ready() {
	kubectl get pods -o 'jsonpath={range .items[*]}{.metadata.name}={.spec.containers[0].image},{.status.conditions[?(@.type=="Ready")].status} {end}'
}
# passes: a commit is applied, twice: whatever the clock may have brought about has begun
passes() {
	for _ in 1 2; do
		value=$((value + 1))
		commit_shop $value "commit $value"
		applied $value
	done
}

value=10
echo 0 >step
web 3 1h 1
: >agent.log
agent env LD_PRELOAD="$work/clock_step.so" CLOCK_STEP="$work/step" "$tranche" run --repo shop --app start --interval 200ms \
	--leader-elect --lease-duration 6s
applied 10
wait_equal "three Pods" 60 "web-0=nginx:1,True web-1=nginx:1,True web-2=nginx:1,True " ready
web 0 1h 2
wait_equal "the first step" 60 "web-0=nginx:1,True web-1=nginx:1,True web-2=nginx:2,True " ready
for step in 10800 -10800 864000 -864000 0; do
	echo $step >step
	passes
	check_equal "the clock is off by $step s: the bake of an hour goes on" 2 "$(partition)"
done
echo -7200 >step
web 0 1s
wait_equal "the clock is two hours late: a short bake ends" 60 0 partition
wait_equal "and all Pods are new" 60 "web-0=nginx:2,True web-1=nginx:2,True web-2=nginx:2,True " ready
echo 7200 >step
kubectl patch configmap a --type merge -p '{"data":{"v":"drift"}}' >/dev/null
tells 'drift: data.v '
check_equal "steps of the clock: the lease stays its own" 0 "$(grep -ac 'not leading' agent.log)"
check_equal "steps of the clock: no failure was told" 0 "$(grep -ac ' error ' agent.log)"
ends "steps of the clock"

if [ "$failed" != 0 ]; then
	grep -av warning: agent.log
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
