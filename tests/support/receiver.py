#!/usr/bin/env python3
"""An HTTP server that takes whatever it is POSTed and writes it down, a JSON line a request.

    receiver.py PORT_FILE LOG [CERTIFICATE KEY]

Each line has path, headers (lower case), body and the status that was answered. Which that is can be
changed at run time: the file LOG.answers, where it exists, has a line `STATUS [RETRY-AFTER] [TIMES]` for the
next requests; a status of 0 closes the connection without an answer, `hang` never answers. Without it,
or once it is used up, 200 is.
"""

import http.server
import json
import os
import ssl
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()

    def answer(self):
        """The next line of the file of answers, which is taken out of it."""
        path = self.server.log + ".answers"
        try:
            with open(path, encoding="utf-8") as file:
                lines = [line.split() for line in file if line.strip()]
        except FileNotFoundError:
            return "200", None
        if not lines:
            return "200", None
        status, *rest = lines[0]
        retry_after = rest[0] if rest and rest[0] != "-" else None
        times = int(rest[1]) - 1 if len(rest) > 1 else 0
        lines[0] = [status, rest[0], str(times)] if times > 0 else []
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.writelines(" ".join(line) + "\n" for line in lines if line)
        os.rename(path + ".new", path)
        return status, retry_after

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        with self.lock:
            status, retry_after = self.answer()
            with open(self.server.log, "a", encoding="utf-8") as file:
                json.dump({"path": self.path, "status": status, "time": time.time(), "body": body,
                           "headers": {k.lower(): v for k, v in self.headers.items()}}, file)
                file.write("\n")
        if status == "hang":
            time.sleep(3600)
        if status in ("0", "hang"):
            self.close_connection = True
            return
        text = b"ok" if status == "200" else b"no_service " + self.path.encode()
        self.send_response(int(status))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        if status.startswith("3"):
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


def main():
    port_file, log, *tls = sys.argv[1:]
    http.server.ThreadingHTTPServer.request_queue_size = 128  # the default of 5 has clients of a busy machine wait a second
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.log = log
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(port_file + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main()
