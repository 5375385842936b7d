# shellcheck shell=bash
# free_port: one that nobody listens on, for programs that cannot choose it themselves. It is outside the range that the kernel
# hands out, from which any connection could take it before the program has it; and a client that asks whether somebody
# listens by then cannot be connected to itself.
free_port() {
	local port

	while :; do
		port=$((20000 + RANDOM % 12000))
		(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}
