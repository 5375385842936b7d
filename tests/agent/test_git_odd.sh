#!/usr/bin/env bash
# Commits that are odd, and what an agent that follows them does: paths that become something else, names and
# times that nobody expects, commits that cannot be read, packs that end in their middle, a clone that is
# damaged under it. Each trouble is told once and ends with the next commit.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git python3 kubectl

make_shop
serve_shop

commit() {
	git -C shop add -A
	git -C shop commit -q --allow-empty -m "$1"
}

config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$1"
}

# reads WHAT STATUS OUT ERR [OPTION...]: patterns; AT in them is where main is.
reads() {
	local what=$1 status=$2 out=$3 err=$4 at

	at=main@$(git -C shop rev-parse --short=7 main)
	shift 4
	run "$tranche" validate --repo "$url" --git-dir clone "$@"
	check_run "$what" "$status" "${out//AT/$at}" "${err//AT/$at}"
}

# --- a path that becomes something else ---------------------------------------------------------------------

mkdir shop/p
config_map a >shop/p/A.yaml
commit folder
reads "a folder" 0 '' '0 errors, 0 warnings in 1 file, at AT' --path p
git -C shop mv p/A.yaml p/a.yaml
commit case
reads "a name in another case" 0 '' '0 errors, 0 warnings in 1 file, at AT' --path p
config_map b >shop/p/A.yaml
commit cases
reads "both of them" 0 '' '0 errors, 0 warnings in 2 files, at AT' --path p
rm -r shop/p && config_map b >shop/p
commit file
reads "becomes a file" 0 '' '0 errors, 0 warnings in 1 file, at AT' --path p
reads "of which nothing is below" 5 '' "tranche: $url at AT: path \"p/a.yaml\" does not exist" --path p/a.yaml
ln -sf a.yaml shop/p
commit link
reads "becomes a link" 5 '' "tranche: $url at AT: path \"p\" is a symbolic link or a submodule, which are not followed" --path p
reads "which is passed over elsewhere" 0 '' '0 errors, 0 warnings in 1 file, at AT'
git -C shop rm -q p
git -C shop update-index --add --cacheinfo "160000,$(git -C shop rev-parse HEAD),p"
git -C shop commit -qm submodule
reads "becomes a submodule" 5 '' "tranche: $url at AT: path \"p\" is a symbolic link or a submodule, which are not followed" --path p
reads "which is passed over elsewhere, and told" 0 'p: warning: a submodule is not followed' '0 errors, 1 warning in 1 file, at AT'
git -C shop rm -q --cached p
git -C shop commit -qm nothing
reads "is gone" 5 '' "tranche: $url at AT: path \"p\" does not exist" --path p
mkdir shop/p && config_map a >shop/p/a.yaml
commit back
reads "is a folder again" 0 '' '0 errors, 0 warnings in 1 file, at AT' --path p

# --- names, trees, times ----------------------------------------------------------------------------------------

blob=$(git -C shop rev-parse HEAD:p/a.yaml)
# tree LINE...: as git ls-tree has them
tree() {
	printf '%b' "$@" | git -C shop mktree
}
# at_tree TREE: main is a commit of it
at_tree() {
	git -C shop update-ref refs/heads/main "$(git -C shop commit-tree -m odd "$1")"
}
# at_commit TEXT: main is that commit, whatever it says
at_commit() {
	git -C shop update-ref refs/heads/main "$(printf '%b' "$1" | git -C shop hash-object -t commit -w --stdin --literally)"
}
# named LENGTH: a name so long
named() {
	head -c "$1" /dev/zero | tr '\0' n
}

at_tree "$(tree "100644 blob $blob\tinv\377\376.yaml\n")"
reads "a name that is no UTF-8" 0 '' '0 errors, 0 warnings in 1 file, at AT'
run "$tranche" validate --repo "$url" --git-dir clone -o json
check_equal "is JSON nevertheless" 0 "$(python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode())' <<<"$out" 2>&1 | wc -l)"
at_tree "$(tree "100644 blob $blob\t\"a\\\\nb\\\\033[31m.yaml\"\n")"
reads "a name of control characters" 0 '' '0 errors, 0 warnings in 1 file, at AT'
at_tree "$(tree "100644 blob $blob\t$(named 3000).yaml\n")"
reads "a long name" 0 '' '0 errors, 0 warnings in 1 file, at AT'
at_tree "$(tree "100644 blob $blob\t$(named 70000).yaml\n")"
reads "a name that libgit2 does not read" 5 '' "tranche: $url at AT: cannot read the commit: failed to parse tree: can't parse filename"
deep=$(tree "100644 blob $blob\ta.yaml\n")
for ((i = 0; i < 65; i++)); do
	deep=$(tree "040000 tree $deep\td\n")
done
at_tree "$deep"
reads "a deep folder" 5 '' "tranche: $url at AT: d/*d: folders are nested more than 64 deep; name one of them"

flat=$(tree "100644 blob $blob\ta.yaml\n")
for when in 0 1 99999999999 -5000; do
	at_commit "tree $flat\nauthor A <a@example.org> $when +0000\ncommitter A <a@example.org> $when +0000\n\nodd\n"
	reads "a commit of the time $when" 0 '' '0 errors, 0 warnings in 1 file, at AT'
done
at_commit "tree $flat\nauthor A\\0377\\033[31m <a@example.org> 1 +9999\ncommitter A <> 1 -9999\n\n\\0377\\033[31mtext\n"
reads "an author who is no text" 0 '' '0 errors, 0 warnings in 1 file, at AT'
at_commit "tree $flat\nauthor A <a@example.org> 0 +0000\ncommitter A <a@example.org> 0 +0000\n\n"
reads "a commit that says nothing" 0 '' '0 errors, 0 warnings in 1 file, at AT'
at_commit "tree $flat\nauthor \ncommitter \n\nodd\n"
reads "a commit of nobody" 5 '' "tranche: $url: cannot read main: failed to parse signature - *"

# --- the agent follows them ---------------------------------------------------------------------------------------

packs() {
	grep -c 'POST /shop.git/git-upload-pack' server/log
}
asked() {
	[ "$(grep -c 'GET /shop.git/info/refs' server/log)" -gt "$1" ]
}
# asks_on: it has asked the server some more times
asks_on() {
	wait_until "it asks on" asked $(($(grep -c 'GET /shop.git/info/refs' server/log) + 5))
}

git -C shop checkout -q --orphan new
git -C shop rm -rq --cached . && rm -rf shop/p
commit_shop 1 First
git -C shop branch -qM new main
rm -rf clone
start_kubesim
start_agent --repo "$url" --git-dir clone --interval 100ms --app shop
applied 1

echo cut >server/mode
commit_shop 2 Second
tells "cannot fetch from $url: "
asks_on
tells "cannot fetch from $url: "
wait_equal "a pack that ends in its middle: what came of it is gone" 30 "" find clone -name 'pack_git2_*'
rm server/mode
applied 2
tells 'the source works again'

rm -f clone/objects/pack/*.pack
tells 'warning the clone clone was damaged and has been made anew: '
commit_shop 3 Third
applied 3
asks_on
tells 'warning the clone clone was damaged and has been made anew: '

# Commits that no clone makes readable: they are told, and not cloned for again and again.
good=$(git -C shop rev-parse main)
commit_of_nobody() {
	at_commit "tree $flat\nauthor \ncommitter \n\nodd\n"
}
tree_of_long_name() {
	at_tree "$(tree "100644 blob $blob\t$(named 70000).yaml\n")"
}
errs() {
	grep ' error ' agent.log | grep -qF -- "$1"
}
number=1
while read -r what message; do
	number=$((number + 1))
	"$what"
	wait_until "$what: is told" errs "$message"
	before=$(packs)
	asks_on
	check_equal "$what: is not cloned for each time" few "$([ $(($(packs) - before)) -le 2 ] && echo few || echo $(($(packs) - before)))"
	check_equal "$what: is told once" 1 "$(grep ' error ' agent.log | grep -cF -- "$message")"
	git -C shop update-ref refs/heads/main "$good"
	tells 'the source works again' $number
done <<-'EOT'
	commit_of_nobody : cannot read main: failed to parse signature - 
	tree_of_long_name : cannot read the commit: failed to parse tree: 
EOT

end_agent "it ends well"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
