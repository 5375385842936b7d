# shellcheck shell=bash
# Clones that `promote`, `hold` and `rollback` commit to. Sourced after checks.sh, in $work.

# The settings are those of $work/.gitconfig: variables would have git, not libgit2, make the commit.
leave_user_settings
unset GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
	GIT_COMMITTER_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_DATE EMAIL
git config --global user.name 'Ann Example'
git config --global user.email ann@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false

# web_manifest REPLICAS IMAGE PARTITION [NAME]
web_manifest() {
	cat <<-EOT
		# The shop's front end
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: ${4-web}
		spec:
		  replicas: $1 # as many as it takes
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      containers:
		      - name: nginx
		        image: $2
		  updateStrategy:
		    rollingUpdate:
		      partition: $3 # the rest waits
	EOT
}

# commit MESSAGE: all that is in the current clone.
commit() {
	git add -A
	git commit -q -m "$1"
}

# new_clone NAME: an empty one, and it is where we are.
new_clone() {
	git init -q "$work/$1"
	cd "$work/$1" || exit 2
}

# What the last commit changed, as lines of -OLD and +NEW.
last_change() {
	git show --format= --unified=0 HEAD | grep '^[-+][^-+]'
}

# all_as_committed WHAT: nothing is staged, nothing is changed.
all_as_committed() {
	check_equal "$1: the work tree is clean" "" "$(git status --porcelain)"
}

# untouched WHAT ID STATUS: no commit was made, and `git status` is as it was.
untouched() {
	check_equal "$1: no commit" "$2" "$(git rev-parse HEAD)"
	check_equal "$1: nothing else changed" "$3" "$(git status --porcelain)"
}
