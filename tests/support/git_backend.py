"""A Git server over HTTPS (or HTTP): `git http-backend` behind Python's ssl, on a free port.

    git_backend.py FOLDER [CERT KEY [CLIENT-CA]]

FOLDER/repos holds the repositories. With CLIENT-CA only clients with a certificate of that CA are let
in; FOLDER/tls is "1.2" where the server is to know nothing newer. What is asked of clients is read anew for each request:
FOLDER/auth is "basic USER:PASSWORD" or "bearer TOKEN" (no file: nothing), FOLDER/mode is "hang" (the
connection stays, nothing comes), "hang-pack" (the same once a pack is asked for), "trickle" (a byte a
second), "cut" (a pack ends in its middle) or "redirect URL". Each request is a line of FOLDER/log: method, path, Authorization.
The port is written to FOLDER/port when it listens.
"""

import base64
import http.server
import os
import socketserver
import ssl
import subprocess
import sys
import time

folder = sys.argv[1]


def setting(name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def is_allowed(self):
        kind, _, secret = setting("auth").partition(" ")
        given = self.headers.get("Authorization", "")
        if kind == "basic":
            return given == "Basic " + base64.b64encode(secret.encode()).decode()
        if kind == "bearer":
            return given == "Bearer " + secret
        return True

    def refuse(self):
        self.send_response(401)
        if not setting("auth").startswith("bearer"):
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self):
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def serve(self):
        path, _, query = self.path.partition("?")
        with open(os.path.join(folder, "log"), "a", encoding="utf-8") as log:
            print(self.command, self.path, self.headers.get("Authorization", "-"), file=log)
        body = self.body()
        mode, _, rest = setting("mode").partition(" ")
        if mode == "redirect":
            self.send_response(302)
            self.send_header("Location", rest + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if not self.is_allowed():
            self.refuse()
            return
        if mode == "hang" or (mode == "hang-pack" and self.command == "POST"):
            time.sleep(600)
        environment = dict(
            os.environ,
            GIT_PROJECT_ROOT=os.path.join(folder, "repos"),
            GIT_HTTP_EXPORT_ALL="1",
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0="safe.directory",
            GIT_CONFIG_VALUE_0="*",
            REQUEST_METHOD=self.command,
            PATH_INFO=path,
            QUERY_STRING=query,
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            CONTENT_LENGTH=str(len(body)),
            REMOTE_ADDR="127.0.0.1",
        )
        answer = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        ).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mode == "trickle":
            for i in range(len(content)):
                self.wfile.write(content[i : i + 1])
                time.sleep(1)
        elif mode == "cut" and self.command == "POST":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content)

    do_GET = do_POST = serve


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128  # the default of 5 has clients of a busy machine wait a second

    def handle_error(self, *_):
        pass

    def finish_request(self, request, client_address):
        if len(sys.argv) > 2:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2], sys.argv[3])
            if len(sys.argv) > 4:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(sys.argv[4])
            if setting("tls") == "1.2":
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            request = context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


server = Server(("127.0.0.1", 0), Handler)
port_file = os.path.join(folder, "port")
with open(port_file + ".new", "w", encoding="utf-8") as port:
    print(server.server_address[1], file=port)
os.rename(port_file + ".new", port_file)
server.serve_forever()
