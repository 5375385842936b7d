#!/usr/bin/env bash
# `tranche diff --from REV --to REV`: two commits of a real repository, without any cluster; as text, as
# diff -u, as Markdown, as JSON.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/web.sh"
begin_test
unset KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT

between() {
	run "$build/tranche" diff "$@"
}

commit() {
	git -C shop add -A
	git -C shop commit -qm "$1"
}

id() {
	git -C shop rev-parse --short=7 "$1"
}

git init -q -b main shop
mkdir shop/deploy
manifests 3 nginx:1.25.4 0 >shop/deploy/web.yaml
commit "Three Pods"
git -C shop tag v1
manifests 3 nginx:1.26.1 2 >shop/deploy/web.yaml
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}\n' >shop/deploy/login.yaml
commit "Canary"
echo "# not looked at" >shop/README.md
commit "Words"
git -C shop checkout -qb promote
manifests 3 nginx:1.26.1 1 >shop/deploy/web.yaml
sed -i s/hunter2/correct-horse/ shop/deploy/login.yaml
commit "Promote Pod 1"
git -C shop rm -q deploy/login.yaml
commit "No login"

told="told from Git alone, as if the former were rolled out to its end"

# --- what is shown --------------------------------------------------------------------------------

between --repo shop --path deploy --from main --to promote~1
check_exact "a pull request that promotes" 1 "\
secret/login          replace                 deploy/login.yaml:1
  data.password                               *** (before) -> *** (after)
statefulset.apps/web  replace                 deploy/web.yaml:6
  spec.updateStrategy.rollingUpdate.partition 2 -> 1
  rollout: replaces 1; keeps 0 on nginx:1.25.4
service/web           in sync                 deploy/web.yaml:1
2 to replace, 1 in sync, from main@$(id main) to promote~1@$(id promote~1)
$told" ""
between --repo shop --from v1 --ref main
check_exact "--ref is --to" 1 "\
secret/login          create                  deploy/login.yaml:1
statefulset.apps/web  replace                 deploy/web.yaml:6
  spec.updateStrategy.rollingUpdate.partition 0 -> 2
  spec.template.spec.containers[nginx].image  nginx:1.25.4 -> nginx:1.26.1
  rollout: replaces 2; keeps 0, 1 on nginx:1.25.4
service/web           in sync                 deploy/web.yaml:1
1 to create, 1 to replace, 1 in sync, from v1@$(id v1) to main@$(id main)
$told" ""
between --repo shop --from HEAD~1
check_exact "an object that left Git" 1 "\
secret/login          left Git  deploy/login.yaml:1
  note: a sync with --prune deletes it; without, it stays in the cluster
service/web           in sync   deploy/web.yaml:1
statefulset.apps/web  in sync   deploy/web.yaml:6
1 left Git, 2 in sync, from HEAD~1@$(id HEAD~1) to promote@$(id promote)
$told" ""
between --repo shop --from main~1 --to main
check_like "nothing differs" "0 *3 in sync, from main~1@$(id main~1) to main@$(id main)*" "$status $out"
between --repo shop --from "$(id v1)" --to main -n prod -o unified
check_like "unified: the sides and the namespace" "\
1 # secret/login: note: *
*--- from/prod/statefulset.apps/web
+++ to/prod/statefulset.apps/web
*
-      - image: nginx:1.25.4
+      - image: nginx:1.26.1
*" "$status ${out/--- \/dev\/null/# secret\/login: note: none}"
between --repo shop --from main --to promote~1 -o json
check_equal "JSON" "main@$(id main) promote~1@$(id promote~1) [1] False" "$(python3 -c '
import json, sys
plan = json.load(sys.stdin)
web = [one for one in plan["objects"] if one["kind"] == "StatefulSet"][0]
print(plan["base"], plan["revision"], web["rollout"]["replaces"], web["clientSide"])' <<<"$out")"

# --- Markdown -------------------------------------------------------------------------------------

between --repo shop --from main --to promote~1 -o markdown
check_exact "Markdown" 1 "\
### tranche: 2 to replace, 1 in sync

From <code>main&#64;$(id main)</code> to <code>promote&#126;1&#64;$(id promote~1)</code>. Told from Git alone: as if the former were rolled out to its end.

| | Object | Changes | File |
|---|---|---|---|
| replace | <code>secret/login</code> | 1 | <code>deploy/login.yaml:1</code> |
| replace | <code>statefulset.apps/web</code> | 1 | <code>deploy/web.yaml:6</code> |

<code>statefulset.apps/web</code>

- rollout: replaces 1; keeps 0 on nginx:1.25.4

<details><summary>replace <code>secret/login</code></summary>

\`\`\`diff
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  password: '*** (before)'
+  password: '*** (after)'
 kind: Secret
 metadata:
   name: login
\`\`\`

</details>

<details><summary>replace <code>statefulset.apps/web</code></summary>

\`\`\`diff
@@ -32,5 +32,5 @@
       terminationGracePeriodSeconds: 30
   updateStrategy:
     rollingUpdate:
-      partition: 2
+      partition: 1
     type: RollingUpdate
\`\`\`

</details>" ""
for format in text unified markdown json; do
	between --repo shop --from main --to promote~1 -o $format
	check_equal "a Secret as $format: hidden" "" \
		"$(grep -oE 'hunter2|correct-horse|aHVudGVyMg|Y29ycmVjdC1ob3JzZQ' <<<"$out$err")"
done

# --- other repositories ---------------------------------------------------------------------------

# A clone as CI makes it: one commit, and what Pods below the partition run is further back.
git clone -q --depth 2 --branch promote "file://$work/shop" shallow
between --repo shallow --from HEAD~1 --to HEAD
check_equal "a shallow clone" 1 "$status"
git -C shop checkout -q promote~1
git clone -q --depth 2 --branch main "file://$work/shop" flat
sed -i 's/partition: 2/partition: 1/' flat/deploy/web.yaml
git -C flat commit -qam "Promote"
between --repo flat --from HEAD~1
check_like "a shallow clone: what it cannot tell" "*
  rollout: replaces 1; keeps 0 on the earlier template
  warning: what the Pods below the partition run is not told by the history that is here: they are taken to be on an earlier template
*" "$out"
between --repo flat --from v1
check_exact "a shallow clone: what it lacks" 5 "" \
	"tranche: flat: no branch, tag or commit \"v1\"; the clone is shallow: fetch more of it"

# The folder is new.
git -C shop checkout -q main
mkdir shop/more
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n' >shop/more/more.yaml
commit "More"
between --repo shop --path more --from v1
check_like "a folder that is new" "1 configmap/more  create  more/more.yaml:1
1 to create, from v1@*" "$status $out"

# An older commit that could not have been applied.
sed -i s/metadata/metadato/ shop/more/more.yaml
commit "Broken"
sed -i s/metadato/metadata/ shop/more/more.yaml
commit "Mended"
between --repo shop --path more --from HEAD~1
check_like "an older commit with errors" "1 configmap/more  create  *
tranche: warning: 1 error in the manifests of HEAD~1@*: it is taken to be without those objects" "$status $out
$err"
between --repo shop --path more --from HEAD --to HEAD~1
check_like "a newer commit with errors" "4 * error: *
tranche: 1 error in the manifests; nothing was compared" "$status $err"

# --- what is refused ------------------------------------------------------------------------------

# refused WHAT STATUS ERR ARGUMENT...
refused() {
	local what=$1 code=$2 message=$3

	shift 3
	between "$@"
	check_exact "$what" "$code" "" "$message"
}

refused "no such revision" 5 'tranche: shop: no branch, tag or commit "nope"' --repo shop --from nope
refused "no such revision to go to" 5 'tranche: shop: no branch, tag or commit "nope"' --repo shop --from v1 --to nope
refused "no such path" 5 "tranche: shop at main@$(id main): path \"nope\" does not exist" --repo shop --path nope --from v1
refused "--to alone" 2 "tranche: --to goes with --from" --repo shop --to main
refused "plain files" 2 "tranche: --from goes with --repo: plain files have no revisions" -f shop --from main
refused "--to and --ref" 2 "tranche: --to and --ref exclude each other; name one" --repo shop --from v1 --to main --ref main
refused "--live" 2 "tranche: --from and --live exclude each other; name one" --repo shop --from v1 --live x
refused "--context" 2 "tranche: --from compares without a cluster; --context does not go with it" --repo shop --from v1 --context x

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
