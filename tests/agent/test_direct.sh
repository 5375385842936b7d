#!/usr/bin/env bash
# When a sync writes without a dry run before, and that nothing but the number of requests comes of it.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
start_kubesim --ready-after 10ms --verbose

# config [COLOUR [LINE]]
config() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {colour: %s}\n%s\n' "${1:-red}" "${2-}" >repo/config.yaml
}

secret() {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {word: %s}\n' "$1" >repo/secret.yaml
}

# service [LINE]
service() {
	printf 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {%s ports: [{port: 80}], selector: {app: web}}\n' \
		"${1-}" >repo/service.yaml
}

# web IMAGE [ANNOTATION [PARTITION [SERVICE]]]
web() {
	cat >repo/web.yaml <<-EOT2
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web, annotations: {${2-}}}
		spec:
		  replicas: 2
		  serviceName: ${4:-web}
		  updateStrategy: {rollingUpdate: {partition: ${3:-0}}}
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: nginx, image: "$1"}]}
	EOT2
}

# sync ARGUMENT...: leaves in $asked what was written or asked for by a dry run, and with which status
sync() {
	local before

	git -C repo add -A
	git -C repo commit -q --allow-empty -m next
	before=$(wc -l <kubesim.log)
	run "$build/tranche" sync --repo repo --app shop "$@"
	asked=$(tail -n "+$((before + 1))" kubesim.log | grep -v 'configmaps/tranche-' |
		sed -nE 's,^(PUT|POST) [^ ]*/([a-z]+)\?[^ ]*fieldValidation=Strict(&dryRun=All)? ([0-9]+).*,\1 \2 \4\3,p' |
		sed 's/&dryRun=All/ dry run/' | paste -sd, | sed 's/,/, /g')
}

# asks WHAT REQUESTS STATUS OUT [ERR]: how the last one went
asks() {
	check_equal "$1: requests" "$2" "$asked"
	check_run "$1" "$3" "$4" "${5-}"
}

git init -q repo
config
service
web nginx:1
sync --wait
asks "new" "POST configmaps 201, POST services 201, POST statefulsets 201" 0 "*3 created, at *" "*"

config blue
web nginx:2
sync --wait
asks "touched" "PUT c 200, PUT web 200" 0 "configmap/c replaced: data.colour red -> blue
statefulset.apps/web replaced: spec.template.spec.containers\[nginx\].image nginx:1 -> nginx:2
2 replaced, 1 in sync, at *" "*"

# What says the same, or what the server would say by itself.
printf '# a word\ndata: {colour: "blue"}\nkind: ConfigMap\nmetadata: {name: c}\napiVersion: v1\n' >repo/config.yaml
sync
asks "comments and order" "" 0 "3 in sync, at *"
service "sessionAffinity: None,"
sync
asks "a default" "PUT web 200 dry run" 0 "3 in sync, at *"
sync
asks "a default: recorded" "" 0 "3 in sync, at *"

# What the server adds is told as it has come to be.
service "type: NodePort,"
sync
port=$(kubectl get service web -o 'jsonpath={.spec.ports[0].nodePort}')
asks "the server's part" "PUT web 200" 0 "service/web replaced: *spec.ports\[80/TCP\].nodePort - -> $port*
1 replaced, 2 in sync, at *"

# Other questions than whether Git has changed.
kubectl patch configmap c -p '{"data":{"more":"x"}}' >/dev/null
config green
sync
asks "drifted, too" "PUT c 200 dry run, PUT c 200" 0 "configmap/c replaced: data.colour blue -> green, data.more x -> -
1 replaced, 2 in sync, at *"
kubectl patch configmap c -p '{"data":{"more":"x"}}' >/dev/null
sync
asks "drifted only" "PUT c 200 dry run" 0 "1 drifted, 2 in sync, at *" "*configmap/c drifted: data.more - -> x by kubectl*left alone*"
config red
sync
web nginx:2 '' 1
sync --wait
asks "a partition" "PUT web 200 dry run, PUT web 200" 0 "*1 replaced, 2 in sync, at *" "*"
web nginx:3 '' 1
sync --wait
asks "an image above the partition" "PUT web 200" 0 "*1 replaced, 2 in sync, at *" "*"
web nginx:4 '' 1
sync --wait
asks "a rollout that is not whole" "PUT web 200 dry run, PUT web 200" 0 "*1 replaced, 2 in sync, at *" "*"
web nginx:4
sync --wait
web nginx:4 'tranche.dev/max-promotion: "2"'
sync
asks "a policy" "PUT web 200 dry run, PUT web 200" 0 "*1 replaced, 2 in sync, at *" "*"

# What goes wrong on the way is gone round again, and never written over unseen.
colour=red
for code in 403 409 422 500; do
	[ $colour = red ] && colour=blue || colour=red
	config $colour
	faults "$code@update:configmaps*1"
	sync
	asks "$code" "PUT c $code, PUT c 200 dry run, PUT c 200" 0 "configmap/c replaced: data.colour *
1 replaced, 2 in sync, at *"
done
config green
faults "lose@update:configmaps*1"
sync
check_run "the answer is lost" 0 "3 in sync, at *" ""
check_equal "the answer is lost: it was written" green "$(kubectl get configmap c -o 'jsonpath={.data.colour}')"
sync
asks "the answer is lost: recorded" "" 0 "3 in sync, at *"

# Refused: asked for as ever, and told in the words of that.
config red "immutable: true"
sync
asks "may not change from now on" "PUT c 200" 0 "configmap/c replaced: data.colour green -> red, immutable - -> true
1 replaced, 2 in sync, at *"
config blue
sync
asks "may not change" "PUT c 422, PUT c 422 dry run" 7 "1 failed, 2 in sync, at *" \
	"tranche: config.yaml:1: configmap/c: *field is immutable when \`immutable\` is set\]; give the new one another name, and have what uses it name that"
failure=${err#*configmap/c: }
sync --dry-run
check_equal "may not change: as a dry run says it" "$failure" \
	"$(grep -o 'ConfigMap "c" is invalid.*' <<<"$out$err" | head -n 1)"
kubectl delete configmap c >/dev/null
faults "422@create:configmaps*1"
sync
asks "a create that is refused" "POST configmaps 422, POST configmaps 201 dry run, POST configmaps 201" 0 "configmap/c created
1 created, 2 in sync, at *"
web nginx:4 '' 0 other
sync
asks "a StatefulSet's own" "PUT web 422, PUT web 422 dry run" 7 "1 failed, 2 in sync, at *" \
	"*Forbidden: updates to statefulset spec*set tranche.dev/recreate: orphan on it*"
web nginx:4 'tranche.dev/recreate: orphan' 0 other
sync
asks "a StatefulSet that is recreated" \
	"PUT web 422 dry run, POST statefulsets 201 dry run, POST statefulsets 201" 0 "*1 recreated, 2 in sync, at *" "*"

# The digests leave out what a Secret holds; and without an inventory there are none.
secret a
sync
asks "a new Secret" "POST secrets 201 dry run, POST secrets 201" 0 "secret/s created
1 created, 3 in sync, at *" "*"
secret b
sync
asks "a Secret" "PUT s 200 dry run, PUT s 200" 0 "secret/s replaced: data.word *
1 replaced, 3 in sync, at *" "*"
service "sessionAffinity: ClientIP,"
requests=$(wc -l <kubesim.log)
run "$build/tranche" sync -f repo/service.yaml
check_equal "without an inventory" "2 PUT" "$(tail -n "+$((requests + 1))" kubesim.log | grep -o '^PUT' | sort | uniq -c | sed 's/^ *//')"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
