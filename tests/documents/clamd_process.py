"""A process that speaks clamd's INSTREAM: `python clamd_process.py <where> <fault>`.

`where` is a port (0: any free one) or the path of a socket; it prints where it listens. Faults:
`well` finds EICAR, `mute` never answers, `odd` answers what nobody understands.
"""

import socketserver
import struct
import sys
import time

LIMIT = 2 * 1024 * 1024
EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class Talk(socketserver.StreamRequestHandler):
    fault = "well"

    def handle(self):
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        data = bytearray()
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
            if len(data) > LIMIT:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        if self.fault == "mute":
            time.sleep(60)
        found = b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in data else b"stream: OK\0"
        self.wfile.write(b"stream: Can't allocate memory ERROR\0" if self.fault == "odd" else found)


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    where, Talk.fault = sys.argv[1:3]
    server = Tcp(("127.0.0.1", int(where)), Talk) if where.isdigit() else Unix(where, Talk)
    print(server.server_address[1] if where.isdigit() else where, flush=True)
    server.serve_forever()
