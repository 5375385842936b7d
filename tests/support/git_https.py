"""A Git host: the repositories of a folder over HTTPS, and a name server that knows its name.

	git_https.py FOLDER CERT KEY PORT-FILE [NAME DNS-PORT]

git http-backend does the work. The port, once it listens, is in PORT-FILE. With NAME a name server on 127.0.0.1:DNS-PORT says that NAME is 127.0.0.1,
and that no other name exists. Each request is a line on standard output.
"""
import http.server
import os
import socket
import ssl
import subprocess
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def serve(self):
        path, _, query = self.path.partition("?")
        environment = dict(
            os.environ, GIT_PROJECT_ROOT=sys.argv[1], GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
            QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_ADDR=self.client_address[0],
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
            GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        answer = subprocess.run(["git", "http-backend"], input=self.body(), env=environment,
                                stdout=subprocess.PIPE, check=True).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(dict(headers).get("Status", "200").split()[0]))
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = serve

    def log_message(self, form, *values):
        print(form % values, flush=True)


def answer_names(name, port):
    """RFC 1035, one question a datagram: an A record of ours, no record of another type, or NXDOMAIN."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", port))
    while True:
        query, client = server.recvfrom(512)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        ours = ".".join(labels) == name
        records = ours and question[-4:-2] == b"\0\1"
        flags = b"\x85\x80" if ours else b"\x85\x83"
        server.sendto(query[:2] + flags + b"\0\1" + bytes([0, records]) + b"\0\0\0\0" + question +
                      (b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\x7f\0\0\1" if records else b""), client)


def main():
    _, certificate, key, port_file, *names = sys.argv[1:]
    if names:
        threading.Thread(target=answer_names, args=(names[0], int(names[1])), daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".draft", "w") as out:
        out.write(str(server.server_port))
    os.rename(port_file + ".draft", port_file)
    server.serve_forever()


main()
