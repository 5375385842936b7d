# shellcheck shell=bash
# Git servers for script tests, in $work: after checks.sh.
support=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
port='' ssh_port=''

# A repository $work/shop with one manifest, on the branch main.
make_shop() {
	git init -q -b main "$work/shop"
	commit_shop 1 First
}

# commit_shop VALUE SUBJECT
commit_shop() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "%s"}\n' "$1" >"$work/shop/a.yaml"
	git -C "$work/shop" add .
	git -C "$work/shop" commit -q --allow-empty -m "$2"
}

# Makes $work/pki: ca.crt, other-ca.crt, and server.crt and .key for localhost, signed by the first.
make_pki() {
	mkdir "$work/pki"
	(
		cd "$work/pki" || exit 1
		new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
		openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.crt -days 30 -subj /CN=ca
		openssl req -x509 "${new_key[@]}" -keyout other.key -out other-ca.crt -days 30 -subj /CN=other
		openssl req "${new_key[@]}" -keyout server.key -out server.csr -subj /CN=localhost
		openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 30 -out server.crt \
			-extfile <(echo subjectAltName=DNS:localhost)
	) 2>"$work/pki/log"
}

# make_client NAME CA: $work/pki/NAME.crt and .key, signed by $work/pki/CA.crt with CA.key.
make_client() {
	(
		cd "$work/pki" || exit 1
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
		openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -set_serial 7 -days 30 -out "$1.crt"
	) 2>>"$work/pki/log"
}

# start_https FOLDER [CERT KEY [CLIENT-CA]]: serves FOLDER/repos, leaves the port in $port.
start_https() {
	start_server "$1.log" python3 "$support/git_backend.py" "$@"
	wait_until "the HTTPS server listens" test -s "$1/port"
	port=$(<"$1/port")
}

# serve_shop: the shop itself over HTTP, at $url; what is asked is in $work/server/log.
serve_shop() {
	mkdir -p "$work/server/repos"
	ln -s ../../shop/.git "$work/server/repos/shop.git"
	start_https "$work/server"
	url=http://127.0.0.1:$port/shop.git
}

# serve_clone [CERT KEY [CLIENT-CA]]: a bare clone of the shop, which the shop pushes to as `origin`; over HTTPS if there is a
# certificate.
# shellcheck disable=SC2120 # it need not be one
serve_clone() {
	mkdir -p "$work/server/repos"
	git clone -q --bare "$work/shop" "$work/server/repos/shop.git"
	git -C "$work/shop" remote add origin "$work/server/repos/shop.git"
	start_https "$work/server" "$@"
	# shellcheck disable=SC2034 # the test's
	url=$([ $# -eq 0 ] && echo http://127.0.0.1 || echo https://localhost):$port/shop.git
}

# start_proxy: an HTTP proxy at the URL $proxy; who has used it is in $work/proxy.log.
start_proxy() {
	start_server "$work/proxy.err" python3 "$support/connect_proxy.py" "$work/proxy"
	wait_until "the proxy listens" test -s "$work/proxy.port"
	# shellcheck disable=SC2034 # the test's
	proxy=http://127.0.0.1:$(<"$work/proxy.port")
}

# make_sshd: keys and settings in $work/ssh; a free port in $ssh_port.
make_sshd() {
	local type
	mkdir -p "$work/ssh" /run/sshd 2>/dev/null
	for type in ed25519 ecdsa rsa; do
		ssh-keygen -q -t "$type" -N '' -f "$work/ssh/host_$type"
	done
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user"
	ssh_port=$(free_port)
	cat "$work/ssh/user.pub" >"$work/ssh/authorized"
}

answers_ssh() {
	[ "$(head -c 4 <"/dev/tcp/127.0.0.1/$ssh_port")" = SSH- ]
}

# start_sshd TYPE...: with host keys of these types. Leaves its process in $sshd_pid.
start_sshd() {
	local type
	cat >"$work/ssh/config" <<-EOT
		ListenAddress 127.0.0.1:$ssh_port
		AuthorizedKeysFile $work/ssh/authorized
		PidFile none
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		PasswordAuthentication no
		KbdInteractiveAuthentication no
	EOT
	for type; do
		echo "HostKey $work/ssh/host_$type" >>"$work/ssh/config"
	done
	start_server "$work/ssh/out" /usr/sbin/sshd -D -f "$work/ssh/config" -E "$work/ssh/log"
	sshd_pid=$server
	wait_until "sshd listens" answers_ssh
}

stop_sshd() {
	kill "$sshd_pid"
	wait "$sshd_pid" 2>/dev/null
}

# known_hosts_of TYPE...: lines for the server that was made.
known_hosts_of() {
	local type
	for type; do
		echo "[127.0.0.1]:$ssh_port $(cut -d' ' -f1,2 "$work/ssh/host_$type.pub")"
	done
}
