"""Greets and counts visits in Redis; nothing but Python's own library."""
import http.server
import os
import signal
import socket
import sys
import urllib.request

GREETING = os.environ.get("GREETING", "Hello")
REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)
PORT = 8000


def count_visit() -> int:
    """Adds one to the counter, in Redis's own protocol (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""
    with socket.create_connection(REDIS, timeout=2) as redis:
        redis.sendall(b"*2\r\n$4\r\nINCR\r\n$6\r\nvisits\r\n")
        return int(redis.makefile().readline().removeprefix(":"))


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/healthy":
            status, text = 200, "ok\n"
        else:
            try:
                status, text = 200, f"{GREETING} from app: visit {count_visit()}, counted by redis\n"
            except OSError as error:
                status, text = 503, f"redis does not answer: {error}\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        if self.path != "/healthy":
            print(self.client_address[0], format % arguments)


if __name__ == "__main__":
    if sys.argv[1:] == ["--healthy"]:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthy", timeout=2) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # pid 1 has no default action for it
    print("listening on", PORT)
    http.server.ThreadingHTTPServer(("", PORT), Page).serve_forever()
