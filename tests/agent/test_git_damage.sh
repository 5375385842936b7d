#!/usr/bin/env bash
# What a power cut, a kill or a bad disk leaves of a clone: it is noticed, the clone is made anew, that is said
# once, and the commit that is read is the right one. A repository that is not ours is left alone.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
begin_test
need git python3

make_shop
commit_shop 2 Second
commit_shop 3 Third
serve_shop
base=$(git -C shop rev-parse main)

run "$tranche" validate --repo "$url" --git-dir packed
check_run "a clone" 0 '' "0 errors, 0 warnings in 1 file, at main@${base::7}"
cp -a packed loose
mkdir packs
mv loose/objects/pack/* packs/
git -C loose unpack-objects -q <"$(echo packs/*.pack)"
chmod -R u+w packed loose

# --- kinds of damage, to files of the folder `clone` ----------------------------------------------------

empty() { : >"$1"; }
gone() { rm -rf "$1"; }
garbage() { rm -rf "$1" && echo '[garbage' >"$1"; }
cut() { truncate -s -5 "$1"; }
half() { truncate -s $(($(stat -c %s "$1") / 2)) "$1"; }
folder() { rm -rf "$1" && mkdir -p "$1" && echo x >"$1/x"; }
flipped() { printf 'xxxx' | dd of="$1" bs=1 seek=40 conv=notrunc 2>/dev/null; }
nowhere() { echo 1234567890123456789012345678901234567890 >"$1"; }
all_empty() { find "$1" -type f -exec truncate -s 0 {} +; }

# The file or folder of the clone that is meant.
place() {
	case $1 in
	pack | idx) echo clone/objects/pack/*."$1" ;;
	commit) object "$base" ;;
	tree) object "$base^{tree}" ;;
	file) object "$base:a.yaml" ;;
	parent) object "$base~1" ;;
	*) echo "clone/$1" ;;
	esac
}
object() {
	local id

	id=$(git -C shop rev-parse "$1")
	echo "clone/objects/${id:0:2}/${id:2}"
}

# reads WHAT WARNED: the newest commit, with one warning about the clone or none.
reads() {
	local warning='' warnings='0 warnings' at

	at=$(git -C shop rev-parse --short=7 main)
	if [ "$2" = yes ]; then
		warning="warning: the clone $work/clone was damaged and has been made anew: *"
		warnings='1 warning'
	fi
	run "$tranche" validate --repo "$url" --git-dir "$work/clone"
	check_run "$1" 0 "$warning" "0 errors, $warnings in 1 file, at main@$at"
}

# Each is damaged, read at the commit that it has, and read at another one: whether the warning comes with the
# first and with the second. What is not needed is not missed.
while read -r clone what kind first next; do
	rm -rf clone
	cp -a "$clone" clone
	git -C shop reset -q --hard "$base"
	"$kind" "$(place "$what")"
	reads "$what, $kind" "$first"
	commit_shop "$clone-$what-$kind" Next
	reads "$what, $kind, and then a commit" "$next"
done <<-'EOT'
	packed pack empty yes no
	packed pack gone yes no
	packed pack cut yes no
	packed pack half yes no
	packed pack garbage yes no
	packed pack flipped yes no
	packed pack folder yes no
	packed idx empty yes no
	packed idx gone yes no
	packed idx cut yes no
	packed idx half yes no
	packed idx garbage yes no
	packed idx folder yes no
	loose commit empty yes no
	loose commit gone yes no
	loose commit cut yes no
	loose commit garbage yes no
	loose commit folder yes no
	loose tree empty yes no
	loose tree gone yes no
	loose tree cut yes no
	loose tree garbage yes no
	loose file empty yes no
	loose file gone yes no
	loose file cut yes no
	loose file half yes no
	loose file garbage yes no
	loose file folder yes no
	loose parent gone no yes
	loose parent cut no yes
	packed HEAD empty no no
	packed HEAD gone no no
	packed HEAD garbage no no
	packed HEAD nowhere no no
	packed HEAD folder yes no
	packed config empty no no
	packed config gone no no
	packed config garbage yes no
	packed packed-refs garbage no yes
	packed FETCH_HEAD garbage no no
	packed shallow garbage no no
	packed index garbage no no
	packed refs gone no no
	packed refs garbage yes no
	packed refs/tranche/main empty no yes
	packed refs/tranche/main garbage no yes
	packed refs/tranche/main nowhere no yes
	packed refs/tranche/main folder no yes
	packed objects gone yes no
	packed objects garbage yes no
	packed objects/pack gone yes no
	packed objects/pack garbage yes no
	packed refs/tranche/main.lock empty no no
	packed refs/heads/main.lock empty no no
	packed HEAD.lock empty no no
	packed config.lock empty no no
	packed packed-refs.lock empty no no
	packed objects/pack/pack_git2_1 garbage no no
	packed . all_empty yes no
EOT

# --- a repository of the user's, read in place ------------------------------------------------------------

git -C shop reset -q --hard "$base"
git clone -q --no-hardlinks --no-local "file://$work/shop" mine
(cd mine && mv .git/objects/pack ../mine-packs && git unpack-objects -q <"$(echo ../mine-packs/*.pack)")
while read -r what kind colon message; do
	rm -rf clone theirs
	cp -a mine theirs
	chmod -R u+w theirs
	ln -s theirs/.git clone
	"$kind" "$(place "$what")"
	before=$(find theirs -type f -exec sha1sum {} + | sort)
	run "$tranche" validate --repo theirs
	check_run "theirs: $what, $kind" 5 '' "tranche: theirs${colon#@} $message"
	check_equal "theirs: $what, $kind: is left alone" "$before" "$(find theirs -type f -exec sha1sum {} + | sort)"
	rm clone
done <<-'EOT'
	commit cut : commit: the file of object * is damaged
	commit gone : commit: object not found - no match for id *
	tree cut @ at main@*: cannot read the commit: the file of object * is damaged
	tree half @ at main@*: cannot read the commit: the file of object * is damaged
	file cut @ at main@*: cannot read a.yaml: the file of object * is damaged
	file empty @ at main@*: cannot read a.yaml: the file of object * is damaged
	file gone @ at main@*: cannot read a.yaml: object not found - no match for id *
	HEAD garbage : HEAD: corrupted loose reference file: HEAD
	config garbage : failed to parse config file: *
	refs/heads/main garbage : HEAD: corrupted loose reference file: refs/heads/main
EOT

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
