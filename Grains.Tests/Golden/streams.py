"""Writes streams.json: a log of streams as Orleans.Tbptt wrote it before records said what is carried from row to row.

The layout is that of Grains/Streams/StreamRecord.cs without its last line. Run with Debian's python3; needs nothing else.
"""
import base64
import json
import pathlib
import struct

MAGIC = b"TBPTTSL1"
ROWS, WHOLE = 1, 2


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def record(kind, key, epoch, last, ticks, version, hidden, rows):
    """hidden: [2][1][units]; rows: (number, cells, forecasts)."""
    name = key.encode()
    content = struct.pack("<BqqqqH", kind, epoch, rows[0][0], last, ticks, len(name)) + name
    content += version.to_bytes(16, "little") + struct.pack("<QBHi", 7, 2, 1, len(hidden) // 2)
    content += struct.pack(f"<{len(hidden)}f", *hidden)
    content += struct.pack("<i", len(rows))
    for _, cells, forecasts in rows:
        content += struct.pack("<I", len(cells)) + cells
        content += struct.pack(f"<i{len(forecasts)}d", len(forecasts), *forecasts)
    return struct.pack("<II", len(content), crc32c(content)) + content


TICKS = 639_090_977_660_000_000  # 2026-03-14T15:09:26Z
cells = [struct.pack("<d", value) for value in (58.0, 62.6, 70.0)]
log = MAGIC
log += record(WHOLE, "sun/a", 5, 2, TICKS, 42, [0.5, -0.25, 1.5, 2.5], [(1, cells[0], [54.5]), (2, cells[1], [57.25])])
log += record(ROWS, "sun/a", 5, 3, TICKS + 10_000_000, 42, [0.75, -0.5, 1.25, 2.0], [(3, cells[2], [60.125])])
log += record(WHOLE, "sun/b", 6, 1, TICKS, 42, [1.0, 2.0, 3.0, 4.0], [(1, cells[0], [54.5])])
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"log": base64.b64encode(log).decode(), "ticks": TICKS}, indent=1) + "\n")
