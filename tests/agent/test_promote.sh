#!/usr/bin/env bash
# `promote` and `hold`: what they change, what they say, what they refuse. Commits by libgit2.
. "$(dirname "$0")/../support/checks.sh"
cd "$(dirname "$0")/../.." || exit 2
tranche=$(realpath "${BUILD:-build}")/tranche
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/support/clones.sh

# promote ARGUMENT...
promote() {
	run "$tranche" promote "$@"
}

# refused WHAT STATUS MESSAGE ARGUMENT...: nothing happens.
refused() {
	local what=$1 code=$2 message=$3 id before

	shift 3
	id=$(git rev-parse HEAD) before=$(git status --porcelain)
	promote "$@"
	check_exact "$what" "$code" "" "tranche: $message"
	untouched "$what" "$id" "$before"
}

# --- the walk down --------------------------------------------------------------------------------

new_clone walk
mkdir deploy
web_manifest 5 nginx:1.25.4 5 >deploy/web.yaml
commit one
web_manifest 5 nginx:1.26.1 5 >deploy/web.yaml
commit two
chmod 640 deploy/web.yaml

promote web --dry-run
check_exact "a dry run shows the plan and the lines" 0 'deploy/web.yaml:18: web: partition 5 -> 4
  Pod web-4 takes nginx:1.26.1
  Pods web-0..web-3 stay as they are
--- a/deploy/web.yaml
+++ b/deploy/web.yaml
@@ -15,4 +15,4 @@
         image: nginx:1.26.1
   updateStrategy:
     rollingUpdate:
-      partition: 5 # the rest waits
+      partition: 4 # the rest waits' ""
check_equal "a dry run commits nothing" two "$(git log -1 --format=%s)"
all_as_committed "a dry run"

promote web
check_run "by one" 0 'deploy/web.yaml:18: web: partition 5 -> 4
  Pod web-4 takes nginx:1.26.1
  Pods web-0..web-3 stay as they are
\[main ???????\] Promote web to partition 4 (Pod web-4 takes nginx:1.26.1)' ""
check_equal "by one: the message" "Promote web to partition 4 (Pod web-4 takes nginx:1.26.1)" \
	"$(git log -1 --format=%B)"
check_equal "by one: who" "Ann Example <ann@example.org> Ann Example <ann@example.org>" \
	"$(git log -1 --format='%an <%ae> %cn <%ce>')"
check_equal "by one: what" "-      partition: 5 # the rest waits
+      partition: 4 # the rest waits" "$(last_change)"
check_equal "by one: the mode stays" 640 "$(stat -c %a deploy/web.yaml)"
check_equal "by one: the reflog tells" "commit: Promote web to partition 4 (Pod web-4 takes nginx:1.26.1)" \
	"$(git log -1 -g --format=%gs)"
all_as_committed "by one"
check_equal "nothing is left behind" web.yaml "$(ls -A deploy)"

promote statefulset/web --by 2 -C deploy -m "Two more

as agreed"
check_run "by two, a message of one's own" 0 'deploy/web.yaml:18: web: partition 4 -> 2
  Pods web-2, web-3 take nginx:1.26.1
  Pods web-0, web-1 stay as they are
\[main ???????\] Two more' ""
check_equal "the whole message" "Two more

as agreed" "$(git log -1 --format=%B)"

refused "a raise" 2 'web: partition 2 -> 3 promotes nothing, and brings no Pod back that runs the new version: "tranche rollback web" does; --force raises it all the same' web --to 3
refused "above replicas" 2 "web: a partition of 6 is above its 5 replicas" web --to 6 --force
refused "the same" 1 "web: there is nothing to promote: the partition is 2" web --to 2

promote sts/web --to 3 --force
check_run "a raise that is forced" 0 'deploy/web.yaml:18: web: partition 2 -> 3
  no Pod changes: those that run the new version keep it
\[main ???????\] Raise the partition of web to 3' ""

promote web --by 9
check_run "by more than there are" 0 'deploy/web.yaml:18: web: partition 3 -> 0
  Pods web-0, web-1, web-2 take nginx:1.26.1
\[main ???????\] Promote web to partition 0 (Pods web-0, web-1, web-2 take nginx:1.26.1)' ""
refused "nothing is left" 1 "web: there is nothing to promote: the partition is 0" web
refused "nothing is left of all" 1 "web: there is nothing to promote: the partition is 0" web --all

# --- partitions and replicas ----------------------------------------------------------------------

new_clone replicas
web_manifest 3 'nginx:2' 999 >web.yaml
web_manifest 3 'nginx:2' 999 open | sed '/replicas:/d' >open.yaml
web_manifest 12 'nginx:2' 12 many | sed 's/^spec:/spec:\n  ordinals: {start: 100}/' >many.yaml
web_manifest 3 'nginx:2' 3 slow | sed 's/^metadata:/metadata:\n  annotations: {tranche.dev\/max-promotion: "2"}/' >slow.yaml
web_manifest 3 'nginx:2' 3 ondelete | sed 's/rollingUpdate:/type: OnDelete/; /partition:/d' >ondelete.yaml
web_manifest 3 'nginx:2' '"3"' quoted >quoted.yaml
web_manifest 3 'nginx:2' 3 two | sed "s/^  template:/  template: # two/; s/^      - name: nginx/      - {name: side, image: 'side:1'}\n&/" >two.yaml
commit one

promote web
check_run "a partition above replicas holds as many as there are" 0 'web.yaml:18: web: partition 999 -> 2
  Pod web-2 takes nginx:2
  Pods web-0, web-1 stay as they are
*' ""
promote open
check_run "replicas that are not in Git" 0 'open.yaml:17: open: partition 999 -> 998
  Pod open-998 takes nginx:2
  Pods open-0..open-997 stay as they are
  replicas are not set in Git: Pods that there are not are passed over
*' ""
promote many --by 10
check_run "ordinals.start" 0 'many.yaml:19: many: partition 12 -> 2
  Pods many-102..many-111 take nginx:2
  Pods many-100, many-101 stay as they are
*' ""
promote two --all
check_run "several containers" 0 '*
  Pods two-0, two-1, two-2 take side:1,nginx:2
*' ""
refused "more at once than max-promotion" 2 "slow: partition 3 -> 0 promotes 3 Pods at once, but tranche.dev/max-promotion is 2" slow --all
promote slow --by 2
check_run "as many as max-promotion" 0 '*partition 3 -> 1*' ""
refused "OnDelete" 4 "ondelete: its updateStrategy is OnDelete: Pods are updated when somebody deletes them, whatever the partition" ondelete
refused "a quoted number" 4 "quoted.yaml: spec.updateStrategy.rollingUpdate.partition is not a whole number from 0 on" quoted

# --- which file -----------------------------------------------------------------------------------

new_clone files
mkdir -p a b/.hidden
web_manifest 3 'nginx:2' 3 >a/web.yaml
{ printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n' && web_manifest 3 'nginx:2' 3; } |
	sed 's/^  name: web/  name: web\n  namespace: shop/' >b/web.yaml
web_manifest 3 'nginx:2' 3 database >b/.hidden/db.yaml
web_manifest 3 'nginx:2' 3 database >b/notes.txt
commit one
web_manifest 3 'nginx:2' 3 fresh >fresh.yaml
ln -s a/web.yaml link.yaml
git add link.yaml
git commit -q -m link

refused "two of one name" 2 'there is no StatefulSet "database" below . in the last commit of main' database
refused "two of one name" 2 '"web" may mean several StatefulSets: a/web.yaml:2, b/web.yaml:7 (namespace shop); name a folder with -C, or a namespace with -n' web
refused "two of one name, by a namespace that both may be in" 2 '"web" may mean several StatefulSets: a/web.yaml:2, b/web.yaml:7 (namespace shop); name a folder with -C, or a namespace with -n' web -n shop
promote web -C b
check_run "by folder" 0 'b/web.yaml:24: web: partition 3 -> 2*' ""
promote web -n other
check_run "by namespace: the one that names none" 0 'a/web.yaml:18: web: partition 3 -> 2*' ""
promote shop/web -C b
check_run "NAMESPACE/NAME" 0 'b/web.yaml:24: web: partition 2 -> 1*' ""
refused "a name that is almost right" 2 'there is no StatefulSet "wbe" below a in the last commit of main; did you mean "web"?' wbe -C a
refused "a namespace without it" 2 'there is no StatefulSet "web" in namespace other below b in the last commit of main; did you mean "web"?' other/web -C b
refused "a file that was never committed" 2 'there is no StatefulSet "fresh" below . in the last commit of main' fresh
refused "a name with too many slashes" 2 '"a/b/c" is no name; write NAME, statefulset/NAME or NAMESPACE/NAME' a/b/c
refused "two namespaces" 2 '"shop/web" is no name; write NAME, statefulset/NAME or NAMESPACE/NAME' shop/web -n other
refused "no name" 2 "'tranche promote' wants NAME; see 'tranche help promote'"
refused "two names" 2 "'tranche promote' takes no argument \"other\"; see 'tranche help promote'" web other
refused "a bad number" 2 '--to is "-1", but has to be a number from 0 on' web --to -1
refused "to and by" 2 '--to, --by and --all exclude each other' web --to 1 --all
refused "by none" 2 '--by has to be more than 0' web --by 0
refused "an empty message" 2 '-m has to say something' web -m ' '

new_clone templates
web_manifest 3 'nginx:2' '{{ .Values.partition }}' chart >chart.yaml
web_manifest 3 'nginx:2' 3 >web.yaml
commit one
promote chart
check_exact "a template that is not rendered" 2 "" \
	"tranche: warning: chart.yaml: 18:19: a mapping as a key (a template that was not rendered?); passed over
tranche: there is no StatefulSet \"chart\" below . in the last commit of main"
promote web
check_run "a template beside it" 0 'web.yaml:18: web: partition 3 -> 2*' "tranche: warning: chart.yaml: 18:19: *"

# --- what stands in the way -----------------------------------------------------------------------

new_clone ways
web_manifest 3 'nginx:2' 3 >web.yaml
commit one
echo '# mine' >>web.yaml
refused "a changed file" 4 'web.yaml has changes that are not committed: commit them, or "git stash"' web
git add web.yaml
refused "a staged file" 4 'web.yaml has staged changes that are not committed: commit them, or "git stash"' web
git reset -q --hard
rm web.yaml
refused "a deleted file" 4 'web.yaml has changes that are not committed: commit them, or "git stash"' web
git reset -q --hard
mv web.yaml other && ln -s other web.yaml
refused "a link in its place" 4 'web.yaml has changes that are not committed: commit them, or "git stash"' web
rm other
git reset -q --hard
touch web.yaml # a file that only looks changed is not
echo 'not this' >other.txt
git add other.txt
promote web
check_run "other staged files" 0 '*partition 3 -> 2*' ""
check_equal "other staged files stay out" web.yaml "$(git show --format= --name-only)"
check_equal "other staged files stay staged" "A  other.txt" "$(git status --porcelain)"
git commit -q -m other

git checkout -q --detach
refused "no branch" 5 "$PWD/: HEAD is on no branch; check out the one that is synced" web
git checkout -q main
git checkout -q -b side && sed -i 's/the rest/all else/' web.yaml && git commit -qam side
git checkout -q main && sed -i 's/the rest/nobody/' web.yaml && git commit -qam main
git merge -q side >/dev/null 2>&1
refused "a merge" 5 "$PWD/: a merge, rebase or the like is not finished; \"git status\" tells which" web
git merge --abort
git reset -q --hard
touch .git/index.lock
id=$(git rev-parse HEAD)
promote web
check_run "a locked index" 5 'web.yaml:18: web: partition 2 -> 1*' "tranche: nothing was committed: the index cannot be written: *"
untouched "a locked index" "$id" ""
rm .git/index.lock
chmod 555 .
if [ "$(id -u)" -ne 0 ]; then
	refused "a folder that cannot be written" 5 "cannot write $PWD/web.yaml: Permission denied" web
fi
chmod 755 .

cd "$work" || exit 2
mkdir plain
promote web -C plain
check_exact "no repository" 5 "" "tranche: plain: not in a Git repository"
promote web -C nowhere
check_exact "no folder" 5 "" "tranche: nowhere: No such file or directory"
git init -q --bare bare.git
promote web -C bare.git
check_exact "a bare repository" 5 "" "tranche: bare.git: a bare repository has no files to edit; name a clone with -C"
git init -q empty
promote web -C empty
check_exact "no commit" 5 "" "tranche: $work/empty/: the repository has no commit yet"

# --- hold -----------------------------------------------------------------------------------------

new_clone hold
web_manifest 3 'nginx:2' 2 >web.yaml
commit one
cp web.yaml ../before.yaml

hold() {
	run "$tranche" hold "$@"
}
hold web --release
check_exact "there is nothing to release" 1 "" "tranche: web: it is not held"
hold web
check_run "hold" 0 'web.yaml:6: web: tranche.dev/hold true
  the live partition stays where it is; everything else still syncs
\[main ???????\] Hold web' ""
check_equal "hold: the lines" '+  annotations:
+    tranche.dev/hold: "true"' "$(last_change)"
hold web
check_exact "it is held" 1 "" "tranche: web: it is held already"
promote web
check_run "a promotion while it is held" 0 '*  tranche.dev/hold is set: no Pod changes before "tranche hold web --release"
*' ""
hold web --release --dry-run
check_run "a dry run of the release" 0 '*-    tranche.dev/hold: "true"
+    tranche.dev/hold: "false"*' ""
hold web --release
check_run "release" 0 'web.yaml:7: web: tranche.dev/hold false
  the live partition goes on to Git'"'"'s
\[main ???????\] Release web' ""
check_equal "release: the line" '-    tranche.dev/hold: "true"
+    tranche.dev/hold: "false"' "$(last_change)"
run "$tranche" validate -f web.yaml
check_run "what comes out is valid" 0 "*" "0 errors*"
all_as_committed "hold"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
