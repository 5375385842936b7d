#!/usr/bin/env bash
# Repositories and disks at their limits: files that are too large, too many files and refs, a disk that is full
# and then is not, a folder that is read-only, a clone that somebody else holds. Takes no cluster but kubesim, and
# a mount namespace of its own for its small disk: it has to be root, or allowed to make user namespaces.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
. "$(dirname "$0")/../support/git_server.sh"
if [ -z "${TRANCHE_TEST_UNSHARED-}" ]; then
	export TRANCHE_TEST_UNSHARED=yes
	unshare --mount --propagation private true 2>/dev/null && exec unshare --mount --propagation private "$0"
	unshare --map-root-user --mount --propagation private true && exec unshare --map-root-user --mount --propagation private "$0"
	echo "FAILED: neither root nor a user namespace, one of which a small disk takes"
	echo "0 passed, 1 failed"
	exit 1
fi
begin_test
disk=$work/disk
trap 'end_servers; umount "$disk" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
need git python3 kubectl

make_shop
mkdir disk
serve_shop

# Runs a command as `run` does, and leaves in $peak_mib how much memory it or a process of its took at most.
run_measured() {
	run python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as out:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=out)
sys.exit(status)' "$work/peak" "$@"
	peak_mib=$(<peak)
}

# below WHAT MIB: the last run_measured took less
below() {
	check_equal "$1: takes less than $2 MiB" yes "$([ "$peak_mib" -lt "$2" ] && echo yes || echo "$peak_mib MiB")"
}

at() {
	git -C shop rev-parse --short=7 main
}

commit() {
	git -C shop add -A
	git -C shop commit -qm "$1"
}

# --- large, many ------------------------------------------------------------------------------------------

yes '# a comment of a file that nobody should have committed' | head -c 200000000 >shop/dump.txt
commit "A large file that is no manifest"
run_measured "$tranche" validate --repo "$url" --git-dir large
check_run "200 MB beside the manifests" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
below "200 MB beside the manifests" 64
mv shop/dump.txt shop/dump.yaml
commit "A large file that is called a manifest"
run_measured "$tranche" validate --repo "$url" --git-dir large
check_exact "200 MB among the manifests" 5 '' \
	"tranche: $url at main@$(at): dump.yaml: larger than 16777216 bytes; split it into several files"
below "200 MB among the manifests" 64
run_measured "$tranche" validate --repo shop
check_exact "200 MB in a local repository" 5 '' \
	"tranche: shop at main@$(at): dump.yaml: larger than 16777216 bytes; split it into several files"
below "200 MB in a local repository" 64
run "$tranche" validate --repo "$url" --git-dir large --path a.yaml
check_run "200 MB outside of the path" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
rm shop/dump.yaml large -r
git -C shop checkout -q --orphan small && commit_shop 1 'Begun anew' && git -C shop branch -qM main
git -C shop reflog expire --expire=now --all && git -C shop gc -q --prune=now

# many COUNT: a commit with so many manifests
many() {
	python3 - "$1" <<-'PY' | git -C shop fast-import --quiet --force
		import sys
		print("commit refs/heads/many\ncommitter A <a@example.org> 0 +0000\ndata 4\nmany")
		for i in range(int(sys.argv[1])):
		    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{i}}}\n"
		    print(f"M 100644 inline {i % 300}/{i}.yaml\ndata {len(text)}\n{text}")
	PY
}
many 100000
run_measured "$tranche" validate --repo shop --ref many
check_run "100,000 manifests" 0 '' "0 errors, 0 warnings in 100000 files, at many@*"
below "100,000 manifests" 500
many 100001
run_measured "$tranche" validate --repo shop --ref many
check_run "one more" 5 '' 'tranche: shop at many@*: more than 100000 manifest files; name a smaller folder'
below "one more" 500
run "$tranche" validate --repo shop --ref many --path 7
check_run "a smaller folder" 0 '' "0 errors, 0 warnings in 334 files, at many@*"
git -C shop update-ref -d refs/heads/many

for ((i = 0; i < 10000; i++)); do
	echo "create refs/heads/topic/$i main"
done | git -C shop update-ref --stdin
run_measured "$tranche" validate --repo "$url" --git-dir refs
check_run "10,000 refs" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
below "10,000 refs" 64
check_equal "10,000 refs: what is not followed is not fetched" "refs/tranche/main" "$(git -C refs for-each-ref --format='%(refname)')"
git -C shop for-each-ref --format='delete %(refname)' refs/heads/topic | git -C shop update-ref --stdin

# --- a disk that is full -----------------------------------------------------------------------------------

# full_for COMMAND...: nothing more fits on the disk while it runs
full_for() {
	dd if=/dev/zero of=disk/filling bs=4k 2>/dev/null
	"$@"
	rm disk/filling
}

mount -t tmpfs -o size=2m none disk || exit 1
head -c 4000000 /dev/urandom >shop/noise.txt
commit "More than fits"
run "$tranche" validate --repo "$url" --git-dir disk/clone
check_run "full while it is cloned" 5 '' "tranche: cannot fetch from $url: *No space left on device"
check_equal "full while it is cloned: what did not fit is gone" "" "$(find disk -size +100k)"
mount -o remount,size=16m disk
run "$tranche" validate --repo "$url" --git-dir disk/clone
check_run "there is room again" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
commit_shop 2 Second
full_for run "$tranche" validate --repo "$url" --git-dir disk/clone
check_run "full while it fetches" 5 '' "tranche: cannot * $url: *No space left on device"
full_for run "$tranche" validate --repo "$url" --git-dir disk/other
check_run "full before it is made" 5 '' "tranche: *: No space left on device"
for clone in clone other; do
	run "$tranche" validate --repo "$url" --git-dir disk/$clone
	check_run "$clone: there is room again" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
done
rm -rf disk/other

start_kubesim
start_agent --repo "$url" --git-dir disk/clone --interval 200ms --app shop
applied 2
fill_while_it_tells() {
	commit_shop 3 Third
	tells 'No space left on device'
	sleep 1 # some more polls, of which nothing is said
	tells 'No space left on device'
}
full_for fill_while_it_tells
applied 3
tells 'the source works again'
check_equal "a full disk is no damage" 0 "$(grep -c damaged agent.log)"
end_agent "the agent ends well"

# --- a disk that is read-only, and folders that are not ours -----------------------------------------------

mount -o remount,ro disk
run "$tranche" validate --repo "$url" --git-dir disk/clone
check_exact "a read-only disk" 5 '' 'tranche: cannot write to the clone disk/clone: Read-only file system; name another one with --git-dir'
run "$tranche" validate --repo "$url" --git-dir disk/new
check_exact "a read-only disk, no clone" 5 '' 'tranche: cannot make folder disk/new: Read-only file system; name another one with --git-dir'
mount -o remount,rw disk
run "$tranche" validate --repo "$url" --git-dir disk/clone
check_run "it can be written again" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"
echo not a folder >file
run "$tranche" validate --repo "$url" --git-dir file/clone
check_exact "below a file" 5 '' 'tranche: cannot make folder file/clone: Not a directory; name another one with --git-dir'
run "$tranche" validate --repo "$url" --git-dir file
check_exact "a file" 5 '' 'tranche: cannot write to the clone file: Not a directory; name another one with --git-dir'

# --- a clone that another one holds ----------------------------------------------------------------------

echo hang-pack >server/mode
commit_shop 4 Fourth
posts() {
	grep -c 'POST /shop.git/git-upload-pack' server/log
}
posted=$(posts)
is_asked() {
	[ "$(posts)" -gt "$posted" ]
}
start_server holder.log "$tranche" run --repo "$url" --git-dir clone --interval 200ms --fetch-timeout 5m --app shop
holder=$server
wait_until "the holder fetches" is_asked
is_held() {
	! flock -n clone/tranche.lock true
}
wait_until "the clone is held" is_held
run "$tranche" validate --repo "$url" --git-dir clone
check_exact "another one is locked out" 5 '' 'tranche: the clone clone is in use by another process'
rm server/mode
kill -KILL "$holder"
wait "$holder" 2>/dev/null
run "$tranche" validate --repo "$url" --git-dir clone
check_run "the holder was killed: the next one goes on" 0 '' "0 errors, 0 warnings in 1 file, at main@$(at)"

# Two that take turns.
for name in one two; do
	start_server $name.log "$tranche" run --repo "$url" --git-dir clone --interval 50ms --app $name --namespace $name
	eval "$name=$server"
done
for value in 5 6 7; do
	commit_shop $value "commit $value"
	for name in one two; do
		wait_until "$name: fetches $value" grep -q "by Ada Author: commit $value" $name.log
		check_equal "$name: value $value" 1 "$(grep -c "by Ada Author: commit $value" $name.log)"
	done
done
# shellcheck disable=SC2154 # set above
for pid in $one $two; do
	kill "$pid"
	wait "$pid"
	check_equal "it ends well" 0 $?
done
check_equal "neither found the clone damaged or held" 0 "$(cat one.log two.log | grep -cE 'damaged|in use')"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
