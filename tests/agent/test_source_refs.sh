#!/usr/bin/env bash
# What refs and clones can do that they usually do not: each row of the table in docs/sources.md.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
need git python3

make_shop
serve_clone
base=${url%/shop.git}

# reads WHAT STATUS REPO MESSAGE [OPTION...]
reads() {
	local what=$1 status=$2 repo=$3 message=$4
	shift 4
	run "$tranche" validate --repo "$repo" "$@"
	check_run "$what" "$status" '' "$message"
}

at() {
	echo "0 errors, 0 warnings in 1 file, at $1@$(git -C shop rev-parse --short=7 "${2-$1}^{commit}")"
}

# --- which ref ----------------------------------------------------------------------------------------

for value in 1.0.0 1.1.0 1.2.0-rc.1 2.0.0; do
	commit_shop "$value" "$value"
	git -C shop tag -a -m "$value" "v$value"
done
git -C shop tag not-a-version
git -C shop push -q --tags origin main
for repo in "$url" shop; do
	reads "a branch" 0 "$repo" "$(at main)" --ref main
	reads "a tag" 0 "$repo" "$(at v1.1.0)" --ref v1.1.0
	reads "a ref in full" 0 "$repo" "$(at refs/tags/v1.1.0)" --ref refs/tags/v1.1.0
	reads "a commit" 0 "$repo" "0 errors, 0 warnings in 1 file, at $(git -C shop rev-parse --short=7 v1.0.0^{})" \
		--ref "$(git -C shop rev-parse v1.0.0^{})"
	reads "a range" 0 "$repo" "$(at v1.1.0)" --ref 'semver:>=1.0.0 <2.0.0'
	reads "a range with pre-releases" 0 "$repo" "$(at v1.2.0-rc.1)" --ref 'semver:>=1.0.0-0 <2.0.0-0'
	reads "any version" 0 "$repo" "$(at v2.0.0)" --ref 'semver:*'
	reads "no version in the range" 5 "$repo" "tranche: $repo: no tag is a version in \">=3\"" --ref 'semver:>=3'
	reads "no range" 2 "$repo" 'tranche: --ref: range of versions "newest": "newest" is no comparison of versions' \
		--ref semver:newest
	reads "no such ref" 5 "$repo" "tranche: $repo: no branch, tag or commit \"gone\"" --ref gone
done

# --- what happens to refs -----------------------------------------------------------------------------

git -C shop push -q origin :v2.0.0
git -C shop tag -d v2.0.0 >/dev/null
reads "the highest tag is deleted" 0 "$url" "$(at v1.2.0-rc.1)" --ref 'semver:>=1.0.0-0'
git -C shop tag -f -a -m moved v1.1.0 main >/dev/null
git -C shop push -q -f origin v1.1.0
reads "a tag is moved" 0 "$url" "$(at v1.1.0)" --ref v1.1.0

git -C shop push -q origin main:brief
reads "a branch" 0 "$url" "$(at brief main)" --ref brief
git -C shop push -q origin :brief
reads "is deleted" 5 "$url" "tranche: $url: no branch, tag or commit \"brief\"" --ref brief
git -C shop push -q origin main~1:refs/heads/brief
reads "and comes back" 0 "$url" "$(at brief main~1)" --ref brief

git -C shop commit -q --amend -m 'another history'
git -C shop push -q -f origin main
reads "a branch is force-pushed" 0 "$url" "$(at main)" --ref main
git -C shop checkout -q --orphan new
commit_shop new 'a new beginning'
git -C shop branch -M new main
git -C shop push -q -f origin main
git -C server/repos/shop.git reflog expire --expire=now --all
git -C server/repos/shop.git gc -q --prune=now
reads "history is rewritten, what was is gone" 0 "$url" "$(at main)" --ref main

git -C shop update-ref refs/tags/blob "$(git -C shop rev-parse main:a.yaml)"
git -C shop push -q origin blob
reads "a tag of a file" 5 "$url" "tranche: $url: blob is not a commit" --ref blob

# --- repositories ---------------------------------------------------------------------------------------

git init -q --bare server/repos/empty.git
reads "an empty one" 5 "$base/empty.git" "tranche: $base/empty.git: the repository has no commit yet"
reads "an empty one, and a branch" 5 "$base/empty.git" "tranche: $base/empty.git: the repository has no commit yet" --ref main
git init -q empty
reads "an empty local one" 5 empty 'tranche: empty: the repository has no commit yet'
reads "none" 5 "$base/none.git" "tranche: cannot read $base/none.git: unexpected http status code: 404"
mkdir nothing
reads "none here" 5 nothing 'tranche: nothing: not a Git repository'
if [ "$(id -u)" -eq 0 ]; then # nobody else may give files away
	cp -R shop theirs
	chown -R 65534 theirs
	foreign="belongs to another user: run tranche as that one, or trust it: git config --global --add safe.directory $work/theirs"
	reads "another user's" 5 theirs "tranche: theirs: $foreign"
	reads "another user's, as a URL" 5 "file://$work/theirs" "tranche: file://$work/theirs: $foreign"
	run "$tranche" promote shop -C theirs
	check_run "nor is it edited" 5 '' "tranche: theirs: $foreign"
	git config --file "$work/.gitconfig" safe.directory "$work/theirs"
	run env HOME="$work" "$tranche" validate --repo theirs
	check_run "one that is trusted" 0 "" "0 errors, 0 warnings in 1 file, at main@*"
	rm "$work/.gitconfig"
fi

other='name another one with --git-dir'
: >file
reads "a clone below a file" 5 "$url" "tranche: cannot make folder file/clone: Not a directory; $other" --git-dir file/clone
reads "a clone that is a file" 5 "$url" "tranche: cannot write to the clone file: Not a directory; $other" --git-dir file

commit_shop two two
git clone -q --bare --depth 1 "file://$work/shop" server/repos/shallow.git
git clone -q --depth 1 "file://$work/shop" shallow 2>/dev/null
reads "a shallow remote one" 5 "$base/shallow.git" "tranche: cannot *$base/shallow.git: the server's answer cannot be read; libgit2 cannot read a shallow clone, if that is what it has"
reads "a shallow local one" 0 shallow "$(at main)"

# --- clones ---------------------------------------------------------------------------------------------

git -C shop push -q -f origin main
damaged="warning: the clone $work/clone was damaged and has been made anew: *
0 errors, 1 warning in 1 file, at main@*"
damage() {
	rm -rf clone
	run "$tranche" validate --repo "$url" --git-dir clone
	check_run "a clone" 0 '' "$(at main)"
	chmod -R u+w clone
}
reads_clone() {
	run "$tranche" validate --repo "$url" --git-dir "$work/clone"
	check_like "$1" "$2" "$out
$err"
}
damage
rm -r clone/objects/pack
mkdir clone/objects/pack
reads_clone "all objects are gone" "$damaged"
damage
mkdir loose
mv clone/objects/pack/* loose/
(cd clone && git unpack-objects -q <"$(echo ../loose/*.pack)")
blob=$(git -C shop rev-parse main:a.yaml)
rm -f "clone/objects/${blob:0:2}/${blob:2}"
reads_clone "a file's object is gone" "$damaged"
damage
for pack in clone/objects/pack/*.pack; do printf 'xxxxxxxxxxxxxxxxxxxxxxxx' | dd of="$pack" bs=1 seek=12 conv=notrunc 2>/dev/null; done
reads_clone "a pack has other bytes" "*at main@*"
damage
echo garbage >clone/HEAD
echo '[core' >clone/config
reads_clone "its settings are garbage" "$damaged"
damage
: >clone/objects/pack/pack_git2_12345
mkdir -p clone/refs/tranche
: >clone/refs/tranche/main.lock
commit_shop three three
git -C shop push -q origin main
reads_clone "a fetch was interrupted" "*$(at main)"
check_equal "its parts are removed" "" "$(find clone -name 'pack_git2_*' -o -path '*/refs/*.lock')"

git init -q --bare theirs
echo '[core' >theirs/config
run "$tranche" validate --repo "$url" --git-dir theirs
check_run "somebody else's is left alone" 5 '' 'tranche: the clone theirs is damaged, and was not made here; remove it: *'
check_equal "as it was" '[core' "$(<theirs/config)"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
