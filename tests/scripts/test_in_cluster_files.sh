#!/usr/bin/env bash
# examples/in-cluster and the Dockerfile, as far as can be told without a cluster that runs them: the manifests are
# valid for us and for a strict server, have what a hardened Pod has, and docs/operations.md tells their
# rights; the Dockerfile does what the tests of `make rootfs` do.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
kubesim=
trap '[ -z "$kubesim" ] || kill "$kubesim" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
leave_user_settings
export KUBECONFIG=$work/kubeconfig
examples=examples/in-cluster

# --- the manifests ----------------------------------------------------------------------------------

run "$build/tranche" validate -Rf $examples
check_run "validate" 0 "" "0 errors, 0 warnings in * files"

"$build/kubesim" --kubeconfig "$KUBECONFIG" --ready-after 10ms >"$work/log" 2>&1 </dev/null &
kubesim=$!
deadline=$((SECONDS + 30))
until [ -s "$KUBECONFIG" ] || [ $SECONDS -ge $deadline ]; do sleep 0.05; done
for namespace in shop tranche; do
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' $namespace | kubectl create -f - >/dev/null
done
# The Prometheus operator's kind, with the fields that we use.
kubectl create -f - >/dev/null <<-'EOT'
	apiVersion: apiextensions.k8s.io/v1
	kind: CustomResourceDefinition
	metadata: {name: servicemonitors.monitoring.coreos.com}
	spec:
	  group: monitoring.coreos.com
	  scope: Namespaced
	  names: {plural: servicemonitors, singular: servicemonitor, kind: ServiceMonitor}
	  versions:
	    - name: v1
	      served: true
	      storage: true
	      schema:
	        openAPIV3Schema:
	          type: object
	          properties:
	            spec:
	              type: object
	              properties:
	                selector: {type: object, x-kubernetes-preserve-unknown-fields: true}
	                endpoints:
	                  type: array
	                  items:
	                    type: object
	                    properties: {port: {type: string}, path: {type: string}, interval: {type: string}}
EOT
for file in "$examples"/*.yaml "$examples"/*/*.yaml; do
	run kubectl create --dry-run=server --validate=strict -o name -f "$file"
	check_equal "$file: the server is strict and takes it" "" "$(grep -v 'namespaces "tranche" already exists' <<<"$err")"
done
run "$build/tranche" sync -Rf $examples
check_equal "sync of all of it" 0 "$status" || echo "$err"
run "$build/tranche" diff -Rf $examples
check_equal "then nothing differs" 0 "$status" || echo "$out"

# documents FILE...: one JSON document a line
documents() {
	"$build/yaml2json" "$@" | grep '^{'
}

check_equal "each container is one that the namespace's policy (restricted) admits" "agent diff" "$(
	documents $examples/agent.yaml $examples/read-only/diff.yaml | python3 -c '
import json, sys
for line in sys.stdin:
    spec = json.loads(line).get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec")
    for container in (spec or {}).get("containers", []):
        pod, own = spec["securityContext"], container["securityContext"]
        assert pod["runAsNonRoot"] and pod["runAsUser"] == pod["runAsGroup"] == 65532, pod
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, pod
        assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                       "capabilities": {"drop": ["ALL"]}}, own
        assert container["resources"]["requests"]["memory"] == "16Mi", container
        assert container["resources"]["limits"] == {"memory": "64Mi"}, container
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert mounts == {volume["name"] for volume in spec["volumes"]}, mounts
        print(container["name"])' 2>&1 | paste -sd' ')"
version=$(sed -n 's/^VERSION := //p' Makefile)
check_equal "they name this version's image" "registry.example.com/tranche:$version" \
	"$(sed -n 's/^ *image: \([^ ]*\).*/\1/p' $examples/*.yaml $examples/*/*.yaml | sort -u)"

# --- rights -------------------------------------------------------------------------------------------

# The table of docs/operations.md, as "ROLE VERB RESOURCE".
told() {
	sed -n '/^## Rights/,/^## /p' docs/operations.md | awk -F' *\\| *' '$4 ~ /^tranche-/ {
		verbs = split($2, verb, " "); resources = split($3, resource, " "); roles = split($4, role, " ")
		for (i = 1; i <= verbs; i++) for (j = 1; j <= resources; j++) for (k = 1; k <= roles; k++)
			print role[k], verb[i], resource[j]
	}' | sort
}

given() {
	documents $examples/*.yaml $examples/*/*.yaml | python3 -c '
import json, sys
for role in map(json.loads, sys.stdin):
    for rule in role.get("rules", []) if role["kind"] == "Role" else []:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    print(role["metadata"]["name"], verb, resource + ("." + group if group else ""))' | sort
}
check_equal "docs/operations.md tells what each Role gives" "$(given)" "$(told)"
"$build/yaml2json" $examples/config.yaml | python3 -c '
import json, sys
for line in sys.stdin:
    if line.startswith("{"):
        print(json.loads(line)["data"]["tranche.yaml"], end="")' >"$work/tranche.yaml"
run "$build/tranche" validate --config "$work/tranche.yaml"
check_run "the configuration is one" 0 "" "0 errors, 0 warnings in 1 file"
check_equal "no right is for everything" "" "$(given | grep -F '*')"

# --- the Dockerfile --------------------------------------------------------------------------------------

# Joined lines without comments.
instructions=$(sed -e ':a' -e '/\\$/{N;s/\\\n//;ba}' Dockerfile | grep -vE '^(#|$)')
check_equal "Dockerfile: it has no instructions but these" "" \
	"$(grep -vE '^(FROM|RUN|WORKDIR|COPY|ARG|USER|ENTRYPOINT) ' <<<"$instructions")"
check_equal "Dockerfile: its stages" "debian:12-slim AS build
scratch" "$(sed -n 's/^FROM //p' <<<"$instructions")"
check_equal "Dockerfile: what the image is made of" "--from=build /src/build/rootfs /" \
	"$(sed -n '/^FROM scratch/,$s/^COPY //p' <<<"$instructions")"
check_equal "Dockerfile: nothing is run in the image" "" "$(sed -n '/^FROM scratch/,$s/^RUN //p' <<<"$instructions")"
check_equal "Dockerfile: who runs it" "65532:65532" "$(sed -n 's/^USER //p' <<<"$instructions")"
check_equal "Dockerfile: what is run" '["/usr/bin/tranche"]' "$(sed -n 's/^ENTRYPOINT //p' <<<"$instructions")"
mapfile -t goals < <(grep -oE '\bmake [a-z-]+' <<<"$instructions" | cut -d' ' -f2 | grep -vx make)
check_equal "Dockerfile: what it makes" "deps-image rootfs" "${goals[*]}"
for goal in "${goals[@]}"; do
	make -n "$goal" WITH="ssh-keygen gpgv" >"$work/make" 2>&1
	check_equal "Dockerfile: make $goal is there" 0 $? || cat "$work/make"
done
check_like "make deps-image: what brings the other programs" "*ssh-keygen:openssh-client gpgv:gpgv*" \
	"$(make -n deps-image WITH="ssh-keygen gpgv")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
