#!/usr/bin/env bash
# Servers that hang, clusters that are not there: nobody else waits for them, and the agent ends all the same.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git python3 kubectl

HANGING=12

config_map() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {v: "%s"}\n' "$1" "$2"
}

# make_repository FOLDER NAME VALUE
make_repository() {
	git init -q -b main "$1"
	config_map "$2" "$3" >"$1/a.yaml"
	git -C "$1" add -A
	git -C "$1" commit -qm First
}

start_kubesim

make_repository local local first
make_repository fine fine first
mkdir -p server/repos hanging/repos
git clone -q --bare fine server/repos/fine.git
start_https "$work/server"
fine_port=$port
echo hang >hanging/mode
start_https "$work/hanging"
hanging_port=$port

# Another cluster's connection is taken, and then nothing comes.
python3 - >silent.port <<'EOT' &
import socket, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
time.sleep(600)
EOT
wait_until "the silent cluster" test -s silent.port

{
	cat <<-EOT
		apiVersion: tranche.dev/v1
		kind: Config
		clusters:
		- {name: here, kubeconfig: kubeconfig, namespace: default}
		- {name: silent, kubeconfig: kubeconfig, server: "http://127.0.0.1:$(<silent.port)", namespace: default}
		- {name: missing, kubeconfig: nowhere, namespace: default}
		defaults: {interval: 2s, cluster: here}
		apps:
	EOT
	for ((i = 1; i <= HANGING; i++)); do
		printf -- '- {name: hanging-%d, source: {repo: "http://127.0.0.1:%s/%d.git", fetchTimeout: 5m}}\n' "$i" "$hanging_port" "$i"
		printf -- '- {name: silent-%d, cluster: silent, source: {repo: %s/local}}\n' "$i" "$work"
	done
	printf -- '- {name: missing, cluster: missing, source: {repo: %s/local}}\n' "$work"
	printf -- '- {name: local, source: {repo: %s/local}}\n' "$work"
	printf -- '- {name: fine, source: {repo: "http://localhost:%s/fine.git"}}\n' "$fine_port"
} >config.yaml

start_agent --config config.yaml

expect_line "an app of a local repository" ' local@.*configmap/local: created$'
expect_line "an app of another server's" ' fine@.*configmap/fine: created$'
expect_line "a cluster that is not there is told" ' missing .*nowhere'
check_equal "those that hang still do" 0 "$(grep -c 'error .*hanging-' agent.log)"

config_map fine second >fine/a.yaml
git -C fine commit -qam Second
git -C fine push -q "$work/server/repos/fine.git" main
expect_line "they go on as usual" ' fine@.*configmap/fine: replaced: data.v first -> second$'

cp kubeconfig somewhere && mv somewhere nowhere
expect_line "a cluster that comes" ' missing fetched '
check_equal "that it was not there is told once" 1 "$(grep -c 'error .* missing ' agent.log)"

began=$(date +%s%3N)
end_agent "TERM ends it well"
check_equal "whatever hangs" soon "$([ $(($(date +%s%3N) - began)) -lt 9000 ] && echo soon || echo late)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
