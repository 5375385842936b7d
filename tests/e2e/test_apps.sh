#!/usr/bin/env bash
# Several apps in one agent: who waits for whom, who is synced by hand and who not at all, another
# configuration while it runs, and none of it seen by the others.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
config=$work/config

# set_manifest NAME REPLICAS IMAGE
set_manifest() {
	cat <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: $1}
		spec:
		  replicas: $2
		  serviceName: $1
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec: {containers: [{name: c, image: '$3'}]}
	EOT
}

config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {v: "%s"}\n' "$1" "$2"
}

value_of() {
	field "configmap/$1" .data.v 2>/dev/null
}

# Writes the configuration as a ConfigMap is mounted. Arguments: what the apps "hand" and "asleep" say besides.
generation=0
mount_config() {
	generation=$((generation + 1))
	mkdir -p "$config/..$generation"
	cat >"$config/..$generation/tranche.yaml" <<-EOT
		apiVersion: tranche.dev/v1
		kind: Config
		defaults:
		  namespace: $namespace
		  interval: 1h
		  source: {repo: $repo}
		apps:
		- {name: shop, source: {path: shop}, dependsOn: [database]}
		- {name: database, source: {path: database}}
		- {name: hand, source: {path: hand}$1}
		- {name: asleep, source: {path: asleep}$2}
		${3-}
	EOT
	ln -s "..$generation" "$config/..data_tmp"
	mv -T "$config/..data_tmp" "$config/..data"
	[ -e "$config/tranche.yaml" ] || ln -s ..data/tranche.yaml "$config/tranche.yaml"
}

says() {
	grep -qE -- "$1" "$work/agent.log"
}

# expect_line WHAT PATTERN
expect_line() {
	wait_for 30 says "$2"
	says "$2"
	check_equal "$1" 0 $? || tail -n 15 "$work/agent.log"
}

# time_of PATTERN: when the first such line was logged
time_of() {
	grep -E -- "$1" "$work/agent.log" | head -n 1 | cut -d' ' -f1
}

# expect_order WHAT PATTERN PATTERN: lines of the log
expect_order() {
	local first second

	first=$(time_of "$2") second=$(time_of "$3")
	[[ -n $first && -n $second && ! $first > $second ]]
	check_equal "$1" 0 $? || cat "$work/agent.log"
}

new_repo "$repo"
mkdir -p "$repo"/{database,shop,hand,asleep,late}
set_manifest db 3 nginx:1.25.4 >"$repo/database/db.yaml"
set_manifest web 2 nginx:1.25.4 >"$repo/shop/web.yaml"
for app in hand asleep late; do
	config_map "$app" first >"$repo/$app/config.yaml"
done
commit "$repo" "all of them"

mount_config ', sync: manual' ', suspend: true'
setpriv --pdeathsig KILL "$build/tranche" run --config "$config/tranche.yaml" >"$work/agent.log" 2>&1 </dev/null &
agent_pid=$!

# --- who waits for whom ------------------------------------------------------------------------------

wait_equal "the app that others wait for" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images db
wait_equal "the app that waits" 60 "0=nginx:1.25.4 1=nginx:1.25.4" pods_images web
expect_line "that it waits is told" ' shop@.* waits for app database'
expect_order "it comes after the other's rollout" ' database@.*db: .*3 of 3' ' shop@.*web: created'

set_manifest db 3 nginx:1.26.1 >"$repo/database/db.yaml"
set_manifest web 2 nginx:1.26.1 >"$repo/shop/web.yaml"
commit "$repo" "both of them"
wait_equal "a commit of both" 60 "0=nginx:1.26.1 1=nginx:1.26.1" pods_images web
check_equal "the one that is waited for is through" "0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:1.26.1" "$(pods_images db)"
expect_order "again in order" ' database@.*db: 3 of 3 Pods on nginx:1.26.1' ' shop@.*web: replaced: .*1.26.1'

# A rollout that does not arrive holds the next one up, and the commit that mends it lets go.
set_manifest db 3 nginx:broken >"$repo/database/db.yaml"
set_manifest web 3 nginx:1.26.1 >"$repo/shop/web.yaml"
commit "$repo" "a bad image"
wait_equal "the bad one is on its way" 60 "0=nginx:1.26.1 1=nginx:1.26.1 2=nginx:broken(not ready)" pods_images db
check_equal "the next one waits" 2 "$(field statefulset/web .spec.replicas)"
set_manifest db 3 nginx:1.27.0 >"$repo/database/db.yaml"
commit "$repo" "a good one"
wait_equal "the good one is written" 60 nginx:1.27.0 field statefulset/db '.spec.template.spec.containers[0].image'
kube delete pod db-2 --wait=false >/dev/null 2>&1 # OrderedReady: a broken Pod is not replaced by itself
wait_for 60 field_reaches statefulset/web .spec.replicas 3
check_equal "then it goes on" 3 "$(field statefulset/web .spec.replicas)"
check_equal "after the other" "0=nginx:1.27.0 1=nginx:1.27.0 2=nginx:1.27.0" "$(pods_images db)"

# --- by hand, and not at all -------------------------------------------------------------------------

expect_line "what is to be synced by hand is told" ' hand@.* out of sync: 1 to create at main@.*\(sync: manual\)'
expect_line "what is suspended is told" ' asleep.* suspended'
check_equal "neither is written" "" "$(value_of hand)$(value_of asleep)"

# --- another configuration ---------------------------------------------------------------------------

lines=$(grep -c ' database.*following' "$work/agent.log")
mount_config ', sync: sometimes' '' ''
expect_line "a bad one is refused" 'the configuration before it stays in force'
mount_config '' '' "- {name: late, source: {path: late}}"
wait_equal "what was synced by hand" 30 first value_of hand
wait_equal "what was suspended" 30 first value_of asleep
wait_equal "what is new" 30 first value_of late
check_equal "the others go on as they were" "$lines" "$(grep -c ' database.*following' "$work/agent.log")"
mount_config '' '' ''
expect_line "what is gone" ' late left the configuration; its objects and its inventory stay'
config_map late second >"$repo/late/config.yaml"
config_map hand second >"$repo/hand/config.yaml"
commit "$repo" "another value"
wait_equal "the others are synced" 30 second value_of hand
check_equal "what is gone is left as it is" first "$(value_of late)"
check_equal "its inventory too" late "$(kube get configmap tranche-late -o 'jsonpath={.metadata.labels.app\.kubernetes\.io/instance}')"

# --- and again ---------------------------------------------------------------------------------------

stop_agent TERM
check_equal "TERM ends it well" 0 $?
check_equal "each app has its inventory" "tranche-asleep tranche-database tranche-hand tranche-late tranche-shop" \
	"$(kube get configmaps -l app.kubernetes.io/managed-by=tranche -o 'jsonpath={.items[*].metadata.name}' | tr ' ' '\n' | sort | paste -sd' ')"
finish
