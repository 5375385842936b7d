#!/usr/bin/env bash
# One agent, many apps: repositories and clusters that are shared, one that is broken, policies, and another
# configuration as Kubernetes brings it.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git python3 kubectl curl

APPS=60

# value_of NAME: of the ConfigMap in the cluster
value_of() {
	kubectl -n shop get configmap "$1" -o 'jsonpath={.data.v}' 2>/dev/null
}

has_value() {
	[ "$(value_of "$1")" = "$2" ]
}

# expect_value WHAT NAME VALUE
expect_value() {
	wait_for 30 has_value "$2" "$3"
	check_equal "$1" "$3" "$(value_of "$2")"
}

# config_map NAME VALUE
config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {v: "%s"}\n' "$1" "$2"
}

commit() {
	git -C "$1" add -A
	git -C "$1" commit -qm "$2"
}

push() {
	commit fleet "$1"
	git -C fleet push -q "$work/server/repos/fleet.git" main stable
}

# A configuration as a ConfigMap is mounted: a link to a file by way of ..data.
generation=0
mount_config() {
	generation=$((generation + 1))
	mkdir -p "config/..$generation"
	cat >"config/..$generation/config.yaml"
	ln -s "..$generation" config/..data_tmp
	mv -T config/..data_tmp config/..data
	[ -e config/config.yaml ] || ln -s ..data/config.yaml config/config.yaml
}

# --- the cluster, the repositories ------------------------------------------------------------------

echo secret-token >token
start_kubesim --ready-after 50ms --verbose
kubectl create namespace shop >/dev/null

git init -q -b main fleet
for ((i = 1; i <= APPS; i++)); do
	mkdir "fleet/app-$i"
	config_map "app-$i" first >"fleet/app-$i/a.yaml"
done
commit fleet First
git -C fleet branch stable
mkdir -p server/repos
git clone -q --bare fleet server/repos/fleet.git
start_https "$work/server"
git init -q -b main local
mkdir local/{base,top,manual,asleep}
for name in base top manual asleep; do
	config_map "$name" first >"local/$name/a.yaml"
done
cat >>local/base/a.yaml <<-EOT
	---
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: db}
	spec:
	  replicas: 2
	  serviceName: db
	  selector: {matchLabels: {app: db}}
	  template:
	    metadata: {labels: {app: db}}
	    spec: {containers: [{name: c, image: 'db:1'}]}
EOT
commit local First

# fleet_apps FIRST LAST: entries of the configuration; every tenth follows another branch.
fleet_apps() {
	local i

	for ((i = $1; i <= $2; i++)); do
		printf -- '- name: app-%d\n  source: {repo: "http://localhost:%s/fleet.git", ref: %s, path: app-%d}\n' \
			"$i" "$port" "$([ $((i % 10)) -eq 0 ] && echo stable || echo main)" "$i"
	done
}

head_of() {
	printf 'apiVersion: tranche.dev/v1\nkind: Config\nserver: {listen: "127.0.0.1:0", tokenFile: %s/token}\n' "$work"
	printf 'defaults: {namespace: shop, interval: %s}\napps:\n' "$1"
}

local_apps() {
	cat <<-EOT
		- name: top
		  source: {repo: $work/local, path: top}
		  dependsOn: [base]
		- name: base
		  source: {repo: $work/local, path: base}
		- name: manual
		  source: {repo: $work/local, path: manual}
		  sync: manual
		- name: asleep
		  source: {repo: $work/local, path: asleep}
		  suspend: true
		- name: broken
		  source: {repo: $work/nowhere}
	EOT
}

# --- the beginning ----------------------------------------------------------------------------------

{
	head_of 1h
	fleet_apps 1 $APPS
	local_apps
} | mount_config
start_agent --config config/config.yaml

is_synced() {
	[ "$(kubectl -n shop get configmaps -o name | grep -c '^configmap/app-')" -eq "$APPS" ]
}
wait_for 60 is_synced
check_equal "each app is synced" "$APPS" "$(kubectl -n shop get configmaps -o name | grep -c '^configmap/app-')" || tail -n 20 agent.log
expect_value "one that others depend on" base first
expect_value "the one that waited for it" top first
expect_line "that it waited is told" ' top@.* waits for app base \(dependsOn\)$'
has_arrived=$(grep -E 'base@.*db: .*2 of 2' agent.log | head -n 1 | cut -d' ' -f1)
top_written=$(grep -E 'top@.*configmap/top: created' agent.log | cut -d' ' -f1)
check_equal "the one that waited comes after the other's rollout" "$(printf '%s\n' "$has_arrived" "$top_written" | sort)" \
	"$has_arrived"$'\n'"$top_written"
expect_line "what is broken is told" ' broken .*nowhere'
expect_line "what is synced by hand is told" ' manual@.*out of sync: 1 to create at main@.*\(sync: manual\)$'
expect_line "what is suspended is told" ' asleep suspended \(config\)$'
check_equal "what is synced by hand is not written" "" "$(value_of manual)"
check_equal "what is suspended is not written" "" "$(value_of asleep)"

# What the agent says of them.
address=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' agent.log | head -n 1)
# state_of APP MEMBER
state_of() {
	curl -s "$address/api/v1/apps/$1" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$2"
}
wait_equal "the state of one" 30 idle state_of app-1 state
check_equal "the state of one that is suspended" suspended "$(state_of asleep state)"
check_equal "all of them are there" $((APPS + 5)) \
	"$(curl -s "$address/api/v1/apps" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["apps"]))')"

# Two refs of one repository for 60 apps: one look at its refs, one pack.
check_equal "one listing for all apps" 1 "$(grep -c 'GET /fleet.git/info/refs' server/log)"
check_equal "one fetch for all apps" 1 "$(grep -c 'POST /fleet.git/git-upload-pack' server/log)"
check_equal "one clone for all apps" 1 "$(find .cache/tranche -maxdepth 1 -name 'fleet*' | wc -l)"

# --- commits ----------------------------------------------------------------------------------------

for ((i = 1; i <= APPS; i++)); do
	config_map "app-$i" second >"fleet/app-$i/a.yaml"
done
push Second
kill -HUP "$agent"
expect_value "a commit, on request" app-1 second
expect_value "and the last" app-59 second
check_equal "a branch that stayed" first "$(value_of app-60)"
check_equal "two looks at the refs" 2 "$(grep -c 'GET /fleet.git/info/refs' server/log)"
check_equal "two fetches" 2 "$(grep -c 'POST /fleet.git/git-upload-pack' server/log)"

# An interval: the repository is asked once in each, whoever of the apps is first.
{
	head_of 3s
	fleet_apps 1 $APPS
	local_apps
} | mount_config
expect_line "another policy" ' app-60 has another policy now$'
before=$(grep -c 'GET /fleet.git/info/refs' server/log)
began=$(date +%s%3N)
has_looked() {
	looks=$(($(grep -c 'GET /fleet.git/info/refs' server/log) - before))
	[ "$looks" -ge 3 ]
}
wait_for 60 has_looked
most=$((($(date +%s%3N) - began) / 3000 + 2))
check_equal "one look an interval" "3 to $most" "$([ "$looks" -ge 3 ] && [ "$looks" -le "$most" ] && echo "3 to $most" || echo "$looks")"

config_map manual second >local/manual/a.yaml
config_map top second >local/top/a.yaml
config_map asleep second >local/asleep/a.yaml
commit local Second
expect_value "a local repository is synced at once" top second
check_equal "but not what is synced by hand" "" "$(value_of manual)"
curl -s -X POST -H "Authorization: Bearer $(<token)" "$address/api/v1/apps/manual/sync" >/dev/null
expect_value "until somebody asks for it" manual second
config_map manual third >local/manual/a.yaml
config_map top third >local/top/a.yaml
commit local Third
expect_value "the next commit" top third
expect_line "waits again" ' manual@.*out of sync: 1 to replace at main@'
check_equal "and is not written" second "$(value_of manual)"

# --- another configuration --------------------------------------------------------------------------

passes_of() {
	grep -c " $1 following " agent.log
}

printf 'apps: [}\n' | mount_config
expect_line "a bad configuration" 'the configuration before it stays in force$'
config_map app-2 third >fleet/app-2/a.yaml
push Third
expect_value "the one before it goes on" app-2 third

{
	head_of 1s
	fleet_apps 2 $((APPS + 1)) | sed 's/path: app-61/path: app-1/'
	local_apps | sed 's/sync: manual/sync: auto/; s/suspend: true/suspend: false/'
} | mount_config
expect_line "an app that is gone" ' app-1 left the configuration; its objects and its inventory stay$'
expect_value "what was synced by hand" manual third
expect_value "what was suspended" asleep second
expect_line "a new app" ' app-61 following '
check_equal "the others go on" 1 "$(passes_of app-2)"
check_equal "its objects stay" second "$(value_of app-1)"
check_equal "its inventory stays" configmap/tranche-app-1 "$(kubectl -n shop get configmap tranche-app-1 -o name)"

# --- the end ----------------------------------------------------------------------------------------

began=$(date +%s%3N)
end_agent "TERM ends it well"
check_equal "and soon" soon "$([ $(($(date +%s%3N) - began)) -lt 9000 ] && echo soon || echo late)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
