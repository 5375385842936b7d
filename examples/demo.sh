#!/usr/bin/env bash
# The canary walkthrough as Git commits: starts the embedded cluster and the agent, commits a new
# version behind a partition, then lowers the partition until every Pod runs it, then changes the
# cluster behind Git's back. Ends with an error if any state is not the expected one.
set -euo pipefail

cd "$(dirname "$0")/.."
build=${BUILD:-build}
[[ $build = /* ]] || build=$PWD/$build
PATH=$build:$PATH
manifests=$PWD/examples/canary
work=$(mktemp -d)
pids=()

# shellcheck disable=SC2329 # called by the trap
clean_up() {
	local status=$? pid

	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	if [ "$status" -ne 0 ]; then
		echo "demo: failed; the agent's log was:" >&2
		cat "$work/agent.log" >&2 2>/dev/null || true
	fi
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' normal=$'\e[0m'
else
	bold='' dim='' normal=''
fi

title() {
	printf '\n%s== %s%s\n' "$bold" "$*" "$normal"
}

show_command() {
	printf '%s$ %s%s\n' "$dim" "$*" "$normal"
}

# What the agent has said since the last time, without the time stamps.
shown=0
show_log() {
	local lines

	lines=$(wc -l <"$work/agent.log")
	if [ "$lines" -gt "$shown" ]; then
		sed -n "$((shown + 1)),${lines}p" "$work/agent.log" | cut -d' ' -f3- | sed 's/^ */  agent: /'
		shown=$lines
	fi
}

# "0=nginx:1.25.4 1=..." of the Pods that are Ready and not on their way out.
pods() {
	# shellcheck disable=SC2016 # a template's variable
	kubectl get pods -l app=nginx-stateful -o 'go-template={{range .items}}{{$pod := .}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True") (not $pod.metadata.deletionTimestamp)}}{{$pod.metadata.name}}={{range $pod.spec.containers}}{{.image}}{{end}} {{end}}{{end}}{{end}}' |
		sed 's/nginx-statefulset-//g; s/ $//'
}

# Waits until the Pods are as expected, showing the agent's lines meanwhile.
expect_pods() {
	local expected=$1 deadline=$((SECONDS + 120)) seen

	while seen=$(pods) && [ "$seen" != "$expected" ]; do
		show_log
		if [ "$SECONDS" -ge "$deadline" ]; then
			printf 'demo: the Pods should be\n  %s\nbut are\n  %s\n' "$expected" "$seen" >&2
			exit 1
		fi
		sleep 0.1
	done
	settle
	tranche status --repo "$work/shop"
}

# Waits until the agent has told that the rollout stands still.
settle() {
	local deadline=$((SECONDS + 10)) size=-1 now

	while now=$(wc -c <"$work/agent.log") && [ "$now" != "$size" ] && [ "$SECONDS" -lt "$deadline" ]; do
		size=$now
		sleep 0.4
	done
	show_log
}

expect_log() {
	local deadline=$((SECONDS + 120))

	until grep -q "$1" "$work/agent.log"; do
		[ "$SECONDS" -lt "$deadline" ] || { echo "demo: the agent should have said: $1" >&2; exit 1; }
		sleep 0.05
	done
	show_log
}

commit() {
	git -C "$work/shop" -c user.name="Ann Example" -c user.email=ann@example.com commit -qam "$1"
	git -C "$work/shop" --no-pager show --format= --unified=0 | grep -E '^[-+] ' | sed 's/^/  /' || true
}

edit() {
	sed -i "$1" "$work/shop/web.yaml"
}

# --- the cluster, the repository, the agent -------------------------------------------------------

title "A cluster, a Git repository, and the agent"
show_command "kubesim --port 0 --kubeconfig kubeconfig"
kubesim --port 0 --kubeconfig "$work/kubeconfig" --ready-after 300ms >"$work/kubesim.log" 2>&1 &
pids+=($!)
export KUBECONFIG=$work/kubeconfig
for _ in $(seq 1000); do
	[ -s "$KUBECONFIG" ] && break
	sleep 0.05
done
[ -s "$KUBECONFIG" ] || { cat "$work/kubesim.log" >&2; exit 1; }

cp -r "$manifests" "$work/shop"
git -C "$work/shop" -c init.defaultBranch=main init -q
git -C "$work/shop" add .
git -C "$work/shop" -c user.name="Ann Example" -c user.email=ann@example.com commit -qm "Three Pods on nginx 1.25.4, partition 2"

show_command "tranche diff --repo shop"
code=0
tranche diff --repo "$work/shop" || code=$?
[ "$code" -eq 1 ] || { echo "demo: diff should end with 1, not $code" >&2; exit 1; }

show_command "tranche run --repo shop"
tranche run --repo "$work/shop" --interval 10s 2>"$work/agent.log" &
pids+=($!)
expect_pods '0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4'

# --- the canary -----------------------------------------------------------------------------------

title "Commit: five replicas, nginx 1.26.1. Partition 2 holds Pods 0 and 1 back"
edit 's/replicas: 3/replicas: 5/; s/nginx:1.25.4/nginx:1.26.1/'
commit "Canary: nginx 1.26.1 on Pods 2, 3, 4"
expect_pods '0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.26.1 3=nginx:1.26.1 4=nginx:1.26.1'

title "Commit: partition 1 promotes Pod 1"
edit 's/partition: 2.*/partition: 1/'
commit "Promote Pod 1"
expect_pods '0=nginx:1.25.4 1=nginx:1.26.1 2=nginx:1.26.1 3=nginx:1.26.1 4=nginx:1.26.1'

title "Commit: partition 0 promotes the last one"
edit 's/partition: 1/partition: 0/'
commit "Promote all"
expect_pods '0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:1.26.1 3=nginx:1.26.1 4=nginx:1.26.1'

# --- drift ----------------------------------------------------------------------------------------

title "Somebody scales by hand: drift, reported and left alone"
show_command "kubectl scale statefulset nginx-statefulset --replicas=3"
kubectl scale statefulset nginx-statefulset --replicas=3 | sed 's/^/  /'
expect_log 'drift: spec.replicas 5 -> 3'
show_command "tranche diff --repo shop"
code=0
tranche diff --repo "$work/shop" >"$work/diff.txt" || code=$?
cat "$work/diff.txt"
[ "$code" -eq 1 ] || { echo "demo: diff should end with 1, not $code" >&2; exit 1; }
grep -q 'spec.replicas  *3 -> 5' "$work/diff.txt" || { echo "demo: diff should show spec.replicas 3 -> 5" >&2; exit 1; }

title "Done: every state was the expected one"
cat <<T
What to type next:
  build/tranche help                         the commands
  build/kubesim --port 0 --kubeconfig k &    a cluster to play with (export KUBECONFIG=\$PWD/k)
  build/tranche run --repo URL --path DIR    the agent, on your repository and cluster
  build/tranche status --watch               which Pod runs what
T
