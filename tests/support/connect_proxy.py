"""An HTTP proxy that knows CONNECT only: connect_proxy.py NAME.

Writes its port to NAME.port, and each request's first line to NAME.log.
"""

import contextlib
import os
import socket
import socketserver
import sys
import threading


def pump(source, target):
    with contextlib.suppress(OSError):  # either side may be gone
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode().strip()
        with open(sys.argv[1] + ".log", "a", encoding="utf-8") as log:
            print(line, file=log)
        while self.rfile.readline().strip():
            pass
        host, port = line.split()[1].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as server:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, self.connection), daemon=True)
            back.start()
            pump(self.connection, server)
            back.join()


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128  # the default of 5 has clients of a busy machine wait a second

    def handle_error(self, *_):
        pass


server = Proxy(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".port.new", "w", encoding="utf-8") as file:
    print(server.server_address[1], file=file)
os.rename(sys.argv[1] + ".port.new", sys.argv[1] + ".port")
server.serve_forever()
