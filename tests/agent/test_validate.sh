#!/usr/bin/env bash
# `tranche validate`: what it finds, where it says so, how it ends; and that it needs no cluster.
. "$(dirname "$0")/../support/checks.sh"
begin_test
unset KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT

validate() {
	run "$tranche" validate "$@"
}

# good_service NAME
good_service() {
	printf 'apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {clusterIP: None, ports: [{port: 80}]}\n' "$1"
}

# statefulset NAME FIELD: a line of the spec, `replicas: 3`, stands in line 6
statefulset() {
	cat <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: $1
		spec:
		  $2
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: nginx, image: "nginx:1.25.4"}]}
	EOT
}

# --- plain files --------------------------------------------------------------------------------

mkdir -p good/below bad
good_service web >good/service.yaml
statefulset web "replicas: 3" >good/web.yaml
statefulset below "replica: 3" >good/below/web.yaml
echo "not looked at: [" >good/README.md

validate -f good
check_exact "good files" 0 "" "0 errors, 0 warnings in 2 files"
validate -f good/web.yaml
check_exact "a warning alone" 0 \
	"good/web.yaml:7:3: warning: StatefulSet \"web\": spec.serviceName is \"web\", but no Service here bears that name; without it the Pods have no DNS names" \
	"0 errors, 1 warning in 1 file"
misspelt='error: StatefulSet "below": unknown field "replica" in StatefulSet.spec; did you mean "replicas"?'
validate -R -f good
check_exact "a misspelt field" 1 "good/below/web.yaml:6:3: $misspelt" "1 error, 0 warnings in 3 files"
run sh -c "cat good/below/web.yaml | '$tranche' validate -f -"
check_exact "standard input" 1 "<stdin>:6:3: $misspelt" "1 error, 0 warnings in 1 file"

# Findings of several files, some of them in one file, in the order of their places.
cat >bad/z.yaml <<-'EOT'
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: late}
	spec:
	  selector: {matchLabels: {app: a}}
	  replicas: "three"
	  template:
	    metadata: {labels: {app: b}}
	    spec:
	      containers: [{name: c, image: i}]
	---
	kind: ConfigMap
	metadata: {name: nameless}
EOT
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n data: {}\n' >bad/a.yaml
good_service twice >bad/b.yaml
printf '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "twice"}}' >bad/c.json
validate -f bad/z.yaml -f bad/b.yaml -f bad/a.yaml -f bad/c.json
check_exact "several findings in several files" 1 "\
bad/a.yaml:5:2: error: did not find expected key, while parsing a block mapping that began at 1:1
bad/c.json:1:1: error: Service \"twice\" is there twice: first at bad/b.yaml:1; remove one
bad/z.yaml:6:3: error: Deployment \"late\": Deployment.spec.replicas must be an integer, not a string
bad/z.yaml:8:25: error: Deployment \"late\": \`selector\` does not match template \`labels\`: \"app\" is \"a\" in spec.selector.matchLabels, but \"b\" in spec.template.metadata.labels
bad/z.yaml:12:1: error: ConfigMap \"nameless\": apiVersion is missing" "5 errors, 0 warnings in 4 files"

# The namespace decides whether two objects are one.
good_service web | sed 's/name: web/name: web, namespace: shop/' >good/service2.yaml
validate -f good/service.yaml -f good/service2.yaml
check_exact "another namespace, or the same" 0 "" "0 errors, 0 warnings in 2 files"
validate -n shop -f good/service.yaml -f good/service2.yaml
check_exact "the same namespace" 1 \
	'good/service2.yaml:1:1: error: Service "web" of namespace "shop" is there twice: first at good/service.yaml:1; remove one' \
	"1 error, 0 warnings in 2 files"
rm good/service2.yaml

# --- JSON ---------------------------------------------------------------------------------------

validate -f good/below -o json
check_exact "JSON" 1 '{
  "version": 1,
  "revision": "",
  "summary": {
    "files": 1,
    "errors": 1,
    "warnings": 0
  },
  "findings": [
    {
      "level": "error",
      "file": "good/below/web.yaml",
      "line": 6,
      "column": 3,
      "message": "StatefulSet \"below\": unknown field \"replica\" in StatefulSet.spec; did you mean \"replicas\"?"
    }
  ]
}' "1 error, 0 warnings in 1 file"
validate -f good -o json
check_exact "JSON of nothing" 0 '{
  "version": 1,
  "revision": "",
  "summary": {
    "files": 2,
    "errors": 0,
    "warnings": 0
  },
  "findings": []
}' "0 errors, 0 warnings in 2 files"

# --- Git ----------------------------------------------------------------------------------------

git init -q -b main repo
cp -r good repo/deploy
ln -s service.yaml repo/deploy/link.yaml
git -C repo add .
git -C repo commit -qm "three Pods"
commit=$(git -C repo rev-parse --short=7 HEAD)
validate --repo repo
check_exact "a repository" 1 \
	"deploy/below/web.yaml:6:3: $misspelt
deploy/link.yaml: warning: a symbolic link is not followed" \
	"1 error, 1 warning in 3 files, at main@$commit"
validate --repo repo --path deploy/service.yaml -o json
check_like "a repository as JSON" "0 * \"revision\": \"main@$commit\",* \"findings\": []*" "$status $out"
validate --repo repo/.git --ref "$commit" --path deploy/web.yaml
check_like "a commit" "0 deploy/web.yaml:7:3: warning: * 0 errors, 1 warning in 1 file, at *$commit" "$status $out $err"

# A file's name cannot make a line of its own.
mkdir evil
statefulset evil "replica: 1" >$'evil/a\nb.yaml:1:1: error: x.yaml'
validate -f evil
check_like "control characters in a name" "evil/a\\\\x0ab.yaml:1:1: error: x.yaml:6:3: error: *" "$out"

# --- what cannot be read ------------------------------------------------------------------------

validate
check_exact "no source" 2 "" "tranche: name a source: --repo URL|DIR or -f FILE|DIR|-, or --config FILE"
validate -f good -o unified
check_exact "a wrong format" 2 "" 'tranche: --output is "unified", but has to be one of text|json'
validate -f good --kubeconfig x
check_exact "no cluster is named" 2 "" "tranche: 'tranche validate' has no option --kubeconfig; see 'tranche help validate'"
validate -f nope.yaml
check_exact "no such file" 5 "" "tranche: nope.yaml: No such file or directory"
mkdir empty
validate -f empty
check_exact "a folder without manifests" 5 "" "tranche: empty: no .yaml, .yml or .json file there (-R looks into the folders below)"
validate --repo empty
check_exact "no repository" 5 "" "tranche: empty: not a Git repository"
validate --repo repo --path nope
check_exact "no such path" 5 "" "tranche: repo at main@$commit: path \"nope\" does not exist"
run sh -c "'$tranche' validate -f good/below >/dev/full"
check_like "the output cannot be written" "8 tranche: cannot write to standard output" "$status $err"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
