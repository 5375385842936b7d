#!/usr/bin/env bash
# Which files of a folder are read, in which order: as kubectl does with -f, and without links from Git.
. "$(dirname "$0")/../support/checks.sh"
begin_test
export KUBECONFIG=/dev/null

# config NAME: a ConfigMap of that name
config() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$1"
}

# The objects of a source in the order in which they are read.
objects() {
	echo '{"apiVersion": "v1", "kind": "List", "items": []}' >"$work/none.json"
	run "$tranche" diff --live "$work/none.json" -o json "$@"
	python3 -c '
import json, sys
for item in json.load(sys.stdin)["objects"]:
    print(item["kind"].lower() + "/" + item["name"])' <<<"$out"
}

# same_as_kubectl WHAT SOURCE...: both read the same objects.
same_as_kubectl() {
	local what=$1

	shift
	check_equal "$what: the objects are those that kubectl reads" \
		"$(kubectl label --local "$@" x=y -o name)" "$(objects "$@")"
}

mkdir -p plain/b.yaml plain/Z other
for name in a.yaml z.yml 10.yaml 9.yaml B.yaml a-b.yaml a.b.yaml; do
	config "of.${name,,}" >"plain/$name"
done
echo '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}}' >plain/_.json
config below >plain/b.yaml/c.yaml
config z-below >plain/Z/c.yaml
config linked >other/linked.yaml
config upper >plain/UPPER.YAML
echo 'passed over: [' | tee plain/README.md plain/yaml plain/c.yaml.bak >plain/c.json5
ln -s ../other/linked.yaml plain/c.yaml
ln -s nowhere plain/notes.txt
ln -s ../plain plain/loop1
ln -s ../plain plain/loop2

same_as_kubectl "a folder" -f plain
same_as_kubectl "a folder and those below" -R -f plain
same_as_kubectl "files as they are named" -f plain/z.yml -f plain/a.yaml
same_as_kubectl "a file of another name" -f plain/UPPER.YAML
same_as_kubectl "a link that is named" -f plain/c.yaml

run "$tranche" validate -f plain
check_exact "a link to a folder is no matter where folders are not read" 0 "" "0 errors, 0 warnings in 9 files"
run "$tranche" validate -R -f plain
check_exact "a link to a folder, which leads in circles" 0 \
	"plain/loop1: warning: a symbolic link to a folder is not followed
plain/loop2: warning: a symbolic link to a folder is not followed" "0 errors, 2 warnings in 11 files"

# --- lists ----------------------------------------------------------------------------------------

# A list is as its objects in its place.
mkdir lists
cat >lists/a.yaml <<-'EOT'
	apiVersion: v1
	kind: List
	items:
	- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
	- {apiVersion: v1, kind: Secret, metadata: {name: two}}
	---
	apiVersion: v1
	kind: ConfigMapList
	metadata: {}
	items:
	- metadata: {name: three}
	- {apiVersion: v1, kind: Secret, metadata: {name: four}}
	---
	apiVersion: v1
	kind: SecretList
	items: [{metadata: {name: five}}]
	---
	apiVersion: v1
	kind: List
	items: []
	---
	{apiVersion: v1, kind: ConfigMap, metadata: {name: six}}
EOT
echo '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "seven"}}]}
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "eight"}}' >lists/b.json
printf '\xff\xfe' >lists/c.yaml
config nine | iconv -t UTF-16LE >>lists/c.yaml
printf '\xef\xbb\xbf' >lists/d.yml
config ten | sed 's/$/\r/' >>lists/d.yml
same_as_kubectl "lists, encodings, line ends" -f lists
check_equal "all are there" "one two three four five six seven eight nine ten" "$(objects -f lists | sed 's,.*/,,' | paste -sd' ')"

# kubectl refuses a list within a list.
cat >nested.yaml <<-'EOT'
	apiVersion: v1
	kind: List
	items:
	- apiVersion: v1
	  kind: List
	  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: inner}}]
	- {apiVersion: v1, kind: ConfigMap, metadata: {name: outer}}
EOT
check_equal "lists within lists" "configmap/inner
configmap/outer" "$(objects -f nested.yaml)"

# --- what is no file ------------------------------------------------------------------------------

mkfifo plain/pipe.yaml
ln -s ../other plain/folder.yaml
run "$tranche" validate -f plain
check_exact "what bears the name of a manifest and is none" 0 \
	"plain/folder.yaml: warning: a symbolic link to a folder is not followed
plain/pipe.yaml: warning: is no regular file and not read" "0 errors, 2 warnings in 9 files"
ln -s nowhere plain/gone.yaml
run "$tranche" validate -f plain
check_exact "a link to a file that is not there" 5 "" "tranche: plain/gone.yaml: No such file or directory"
run sh -c "config() { cat other/linked.yaml; }; config | '$tranche' validate -f /dev/stdin"
check_exact "a pipe that is named" 0 "" "0 errors, 0 warnings in 1 file"

# Hidden ones are what editors and others keep for themselves; kubectl reads them.
mkdir -p hidden/.github
config seen >hidden/a.yaml
echo 'on: push' | tee hidden/.github/ci.yaml >hidden/.ci.yaml
run "$tranche" validate -R -f hidden
check_exact "names that begin with a dot" 0 "" "0 errors, 0 warnings in 1 file"

# --- Git ----------------------------------------------------------------------------------------

git init -q -b main repo
mkdir repo/deploy
cp plain/a.yaml plain/z.yml plain/_.json plain/B.yaml repo/deploy/
cp -r plain/b.yaml repo/deploy/
cp -r hidden/.github repo/
ln -s ../../other/linked.yaml repo/deploy/link.yaml
ln -s ../../other repo/deploy/linked
ln -s ../README repo/deploy/README
git -C repo add .
git -C repo update-index --add --cacheinfo 160000,1234567890123456789012345678901234567890,deploy/sub
git -C repo commit -qm "links"
run "$tranche" validate --repo repo
check_like "links and submodules of a tree" "1
deploy/README: warning: a symbolic link is not followed
deploy/link.yaml: warning: a symbolic link is not followed
deploy/linked: warning: a symbolic link is not followed
deploy/sub: warning: a submodule is not followed
0 errors, 4 warnings in 5 files, at main@*" "1
$out
$err"
for path in deploy/link.yaml deploy/linked deploy/sub; do
	run "$tranche" validate --repo repo --path "$path"
	check_like "$path as the path" \
		"5  tranche: repo at main@*: path \"$path\" is a symbolic link or a submodule, which are not followed" \
		"$status $out $err"
done
check_equal "the order of a tree is that of its paths" "$(kubectl label --local -R -f repo/deploy x=y -o name | grep -v linked)" \
	"$(objects --repo repo)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
