#!/usr/bin/env bash
# `rollback`: which state of the history is the last complete one, and what is put back of it.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=$(realpath "${BUILD:-build}")/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/support/clones.sh

rollback() {
	run "$tranche" rollback web "$@"
}

# state IMAGE PARTITION [REPLICAS]: a commit with these.
state() {
	web_manifest "${3-5}" "nginx:$1" "$2" >web.yaml
	commit "nginx:$1 at $2"
}

# rolls_back WHAT IMAGE PARTITION: that is what the last commit then has, and nothing but values moved.
rolls_back() {
	local before

	before=$(git show HEAD:web.yaml)
	rollback
	check_run "$1" 0 "*" ""
	check_equal "$1: what comes out" "$(web_manifest 5 "nginx:$2" "$3")" "$(<web.yaml)"
	check_equal "$1: no line more" "$(wc -l <<<"$before")" "$(wc -l <web.yaml)"
	all_as_committed "$1"
}

nothing='tranche: web: there is nothing to go back to: no earlier commit has another template that all Pods came to run'

# --- a canary that went wrong ---------------------------------------------------------------------

new_clone canary
state 1 0
state 2 4
state 2 0
state 3 5
state 3 4
state 3 3
rollback --dry-run
good=$(git rev-parse --short=7 HEAD~3)
check_exact "the plan" 0 "web.yaml:15: web: image of nginx nginx:3 -> nginx:2
web.yaml:18: web: partition 3 -> 0
  as in $good, the last complete state
  Pods web-3, web-4 go back to nginx:2
  Pods web-0, web-1, web-2 were never promoted
--- a/web.yaml
+++ b/web.yaml
@@ -12,7 +12,7 @@
     spec:
       containers:
       - name: nginx
-        image: nginx:3
+        image: nginx:2
   updateStrategy:
     rollingUpdate:
-      partition: 3 # the rest waits
+      partition: 0 # the rest waits" ""
rolls_back "a canary" 2 0
check_equal "the message" "Roll web back to nginx:2 (from nginx:3; as in $good)" "$(git log -1 --format=%B)"
rollback
check_run "once more: the one before" 0 "*image of nginx nginx:2 -> nginx:1*" ""

new_clone complete
state 1 0
state 2 0
rolls_back "a new version that is everywhere" 1 0

new_clone creation
state 1 2
state 2 2
state 2 1
rollback
check_run "the first state is complete whatever its partition" 0 'web.yaml:15: web: image of nginx nginx:2 -> nginx:1
  as in ???????, the last complete state
  Pods web-1..web-4 go back to nginx:1
  Pod web-0 was never promoted
*' ""
check_equal "the partition stays as low as it was" "$(web_manifest 5 nginx:1 1)" "$(<web.yaml)"

new_clone raised
state 1 2
state 2 2
state 2 1
state 2 4
rolls_back "a partition that was raised again: as low as it was" 1 1

new_clone unfinished
state 1 0
state 2 3
state 3 3
rolls_back "a canary that never came to all is passed over" 1 0

new_clone nothing
state 1 2
state 1 1
rollback
check_exact "one template only" 1 "" "$nothing"
git rm -q web.yaml
commit gone
state 2 3
rollback
check_exact "what was before it was deleted is another object" 1 "" "$nothing"

# --- what else may have happened ------------------------------------------------------------------

new_clone moved
mkdir old
web_manifest 5 nginx:1 0 >old/web.yaml
commit one
git mv old/web.yaml web.yaml
commit moved
state 2 3
rolls_back "a file that was moved" 1 0

new_clone broken
state 1 0
echo '{' >>web.yaml
commit broken
state 2 3
rolls_back "a commit that nobody could sync" 1 0

new_clone merged
state 1 0
git checkout -q -b feature
state 9 0
state 2 3
git checkout -q main
echo x >other
commit other
git merge -q --no-ff -m merged feature
rolls_back "only what the branch was itself" 1 0

new_clone more
state 1 0
web_manifest 5 nginx:2 3 | sed 's/- name: nginx/&\n        env: [{name: A, value: b}]/' >web.yaml
commit "more than an image"
since=$(git rev-parse --short=7 HEAD)
web_manifest 5 nginx:2 2 | sed 's/- name: nginx/&\n        env: [{name: A, value: b}]/' >web.yaml
commit "promoted"
id=$(git rev-parse HEAD)
rollback
check_exact "a template that differs in more" 4 "" "tranche: web: its template differs in more than images from the last complete state ($(git rev-parse --short=7 HEAD~2)): git revert the commits since $since"
untouched "a template that differs in more" "$id" ""

new_clone several
cat >web.yaml <<-'EOT'
	{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {"replicas": 2, "template": {"spec": {
	  "initContainers": [{"name": "i", "image": "init:1"}],
	  "containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}}}}
EOT
commit one
cp web.yaml ../before.yaml
sed -i 's/:1"/:2"/g' web.yaml
commit two
rollback
check_run "several images, no partition" 0 'web.yaml:3: web: image of a a:2 -> a:1
web.yaml:3: web: image of b b:2 -> b:1
web.yaml:2: web: image of i init:2 -> init:1
  as in ???????, the last complete state
  Pods web-0, web-1 go back to a:1,b:1
\[main ???????\] Roll web back to a:1,b:1 (from a:2,b:2; as in ???????)' ""
check_equal "byte for byte as it was" "" "$(cmp web.yaml ../before.yaml 2>&1)"

new_clone long
state 1 0
state 2 3
git clone -q --depth 1 "file://$work/long" ../shallow
cd ../shallow || exit 2
rollback
check_exact "a shallow clone" 5 "" "tranche: the history ends here at $(git rev-parse --short=7 HEAD), before a complete state: git fetch --unshallow"
git fetch -q --unshallow
rolls_back "what is advised works" 1 0

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
