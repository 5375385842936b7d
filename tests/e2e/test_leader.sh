#!/usr/bin/env bash
# Two agents, of which one holds a Lease and works: what happens when it is killed, ended, stopped for longer than the
# lease with writes before it, and cut off from the server. At no time do both write (writers.py): each acts as a user
# of its own, and the server's log tells who wrote what. Takes a control plane of our own, or kubesim with
# its requests in REQUEST_LOG.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
log=${REQUEST_LOG:-${TRANCHE_E2E_CONTROL_PLANE-}/audit.log}
LEASE_S=8
OBJECTS=400 # more than are written at once
[ -s "$log" ] || { echo "this takes a control plane of our own, or REQUEST_LOG"; exit 2; }

# --- the agents ---------------------------------------------------------------------------------------

# The second one's way to the server leads through a proxy.
python3 "$here/../support/connect_proxy.py" "$work/proxy" >/dev/null 2>&1 </dev/null &
proxy=$!
wait_for 30 test -s "$work/proxy.port"
kubectl config view --raw --flatten >"$work/agent-a.kubeconfig"
cp "$work/agent-a.kubeconfig" "$work/agent-b.kubeconfig"
sed -i "s,^\( *\)server: .*,&\n\1proxy-url: http://127.0.0.1:$(<"$work/proxy.port")," "$work/agent-b.kubeconfig"

declare -A pids

# start NAME: its lines come after those of the last one of that name.
start() {
	POD_NAME=$1 setpriv --pdeathsig KILL "$build/tranche" run --kubeconfig "$work/$1.kubeconfig" -n "$namespace" \
		--impersonate "$1" --impersonate-group system:masters --app shop --repo "$repo" --interval 1h \
		--leader-elect --lease-duration ${LEASE_S}s >>"$work/$1.log" 2>&1 </dev/null &
	pids[$1]=$!
}

# send SIGNAL NAME
send() {
	kill -s "$1" "${pids[$2]}"
}

# ended NAME: its exit status
ended() {
	wait "${pids[$1]}" 2>/dev/null
}

# count NAME TEXT: how many of its lines hold the text
count() {
	grep -cF -- "$2" "$work/$1.log"
}

# counts NAME TEXT NUMBER
counts() {
	[ "$(count "$1" "$2")" -ge "$3" ]
}

# waits WHAT NAME TEXT NUMBER: until so many of its lines hold the text.
waits() {
	wait_for 60 counts "$2" "$3" "$4"
	check_equal "$1" "$4" "$(count "$2" "$3")"
}

# when NAME TEXT: the time of the last such line
when() {
	grep -F -- "$2" "$work/$1.log" | tail -n 1 | cut -d' ' -f1
}

holder() {
	kube get lease tranche -o jsonpath='{.spec.holderIdentity}' | cut -d_ -f1
}

transitions() {
	kube get lease tranche -o jsonpath='{.spec.leaseTransitions}'
}

# --- commits ------------------------------------------------------------------------------------------

# change VALUE [COUNT]: a commit with that value in so many ConfigMaps
change() {
	local i

	for ((i = 0; i < ${2-3}; i++)); do
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-%s}\ndata: {value: "%s"}\n---\n' "$i" "$1"
	done >"$repo/maps.yaml"
	commit "$repo" "$1"
}

# how_many VALUE: of the ConfigMaps have it
how_many() {
	kube get configmaps -o jsonpath='{range .items[*]}{.metadata.name} {.data.value}{"\n"}{end}' | grep -c "^c-.* $1$"
}

applied() {
	wait_equal "$1: $2 is applied" 60 "${3-3}" how_many "$2"
}

new_repo "$repo"
change one
start agent-a
waits "the first one leads" agent-a 'leading: the lease' 1
applied "the first one" one
start agent-b
waits "the second one stands by" agent-b 'standing by: the lease' 1
check_equal "and the lease is the first one's" "agent-a 0" "$(holder) $(transitions)"

# --- killed ---------------------------------------------------------------------------------------------

send KILL agent-a
ended agent-a
renewed=$(kube get lease tranche -o jsonpath='{.spec.renewTime}')
began=$(now_ms)
change two
waits "killed: the second one takes over" agent-b 'leading: the lease' 1
taken=$(($(now_ms) - began))
applied "killed" two
held=$(($(date -d "$(when agent-b 'leading: the lease')" +%s%3N) - $(date -d "$renewed" +%s%3N)))
check_equal "killed: and not before the lease was over" yes "$([ $held -ge $((LEASE_S * 1000)) ] && echo yes || echo "$held ms after it was renewed")"
check_equal "killed: the lease" "agent-b 1" "$(holder) $(transitions)"
echo "counted: takeover from a leader that was killed: $taken ms of a lease of $LEASE_S s"

# --- ended ----------------------------------------------------------------------------------------------

start agent-a
waits "ended: the first one stands by" agent-a 'standing by: the lease' 1
began=$(now_ms)
send TERM agent-b
ended agent-b
check_equal "ended: exit status" 0 $?
check_equal "ended: it has let go of the lease" yes "$([ "$(holder)" != agent-b ] && echo yes)"
waits "ended: the first one takes over" agent-a 'leading: the lease' 2
taken=$(($(now_ms) - began))
check_equal "ended: the lease" "agent-a 2" "$(holder) $(transitions)"
echo "counted: takeover from a leader that was ended: $taken ms"
change three
applied "ended" three

# --- stopped, with writes before it -------------------------------------------------------------------------

start agent-b
waits "stopped: the second one stands by" agent-b 'standing by: the lease' 2
change four $OBJECTS
wait_for 60 counts agent-a 'configmap/c-' $((3 * 4)) # it has begun to write them
send STOP agent-a
echo "counted: objects that were written before the leader was stopped: $(($(how_many four))) of $OBJECTS"
waits "stopped: the second one takes over" agent-b 'leading: the lease' 2
send CONT agent-a
waits "stopped: the first one notices" agent-a 'not leading any more: ' 1
waits "stopped: and stands by" agent-a 'standing by: the lease' 2
applied "stopped" four $OBJECTS
check_equal "stopped: the first one lives, and has told of no failure" "alive 0" \
	"$(send 0 agent-a && echo alive) $(grep -c ' error ' "$work/agent-a.log")"
check_equal "stopped: the lease" "agent-b 3" "$(holder) $(transitions)"

# --- cut off ------------------------------------------------------------------------------------------------

kill -STOP "$proxy"
change five
waits "cut off: the first one takes over" agent-a 'leading: the lease' 3
check_equal "cut off: when the second one had noticed" yes \
	"$([[ $(when agent-b 'not leading any more: ') < $(when agent-a 'leading: the lease') ]] && echo yes ||
		echo "$(when agent-b 'not leading any more: ') $(when agent-a 'leading: the lease')")"
applied "cut off" five
kill -CONT "$proxy"
waits "cut off: then the second one stands by" agent-b 'standing by: the lease' 3
check_equal "cut off: the lease" "agent-a 4" "$(holder) $(transitions)"

# --- one history ------------------------------------------------------------------------------------------------

for name in agent-a agent-b; do
	send TERM $name
	ended $name
	check_equal "the end of $name" 0 $?
done
check_equal "the lease is nobody's" " 4" "$(holder) $(transitions)"
run "$build/tranche" diff -n "$namespace" --app shop --repo "$repo"
check_equal "what Git has is what there is" 0 "$status" || echo "$out"
# The audit log may be a moment late.
wait_equal "each wrote while it held the lease, and never both" 30 "agent-a agent-b agent-a agent-b agent-a" \
	python3 "$here/writers.py" "$log" "$namespace" tranche
finish
