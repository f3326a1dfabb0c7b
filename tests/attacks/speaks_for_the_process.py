# Writes answers of its own to every open descriptor.
# expected: crashed error
import json
import os
import struct


def conv1d(x, w):
    body = json.dumps({"kind": "call", "outcomes": [], "sizes": [], "forbidden": [], "outputs": "[]"}).encode()
    for descriptor in range(3, 30):
        try:
            os.write(descriptor, struct.pack(">QQ", len(body), 0) + body)
        except OSError:
            pass
    return x
