"""A stand-in for CACTI: a small script that prints and writes what CACTI does, or fails in one of its ways."""

from __future__ import annotations

import sys
from pathlib import Path

from costmodel.sources.cacti.cacti_binary import CactiBinary

DECK = {
    "size_bytes": 131072,
    "block_bytes": 64,
    "bus_bits": 512,
    "node_nm": 45.0,
    "data_cell": "itrs-hp",
    "periphery_cell": "itrs-hp",
    "ecc": True,
}
"""The deck's array, as the fields of a spec."""

HEADING = (
    "Tech node (nm), Capacity (bytes), Number of banks, Associativity, Output width (bits), Access time (ns), Random cycle time (ns), "
    "Dynamic search energy (nJ), Dynamic read energy (nJ), Dynamic write energy (nJ), Standby leakage per bank(mW), Area (mm2), Ndwl, "
    "Ndbl, Nspd, Ndcm, Ndsam_level_1, Ndsam_level_2, Data arrary area efficiency %, Ntwl, $\n"
)

SCRIPT = """
import os, signal, sys, time
MODE = open("mode.txt").read().strip()
HEADING = {heading!r}
path = sys.argv[sys.argv.index("-infile") + 1]
open("started.txt", "a").write("x")
s = {{}}
for line in open(path):
    line = line.strip()
    for key in ("-size", "-block size", "-technology", "-output/input bus width", "-operating temperature"):
        if line.startswith(key + " "):
            s[key] = float(line.split()[-1])
    for key in ("-Data array cell type", "-Data array peripheral type", "-Add ECC"):
        if line.startswith(key):
            s[key] = line.split('"')[1]
cells = ["itrs-hp", "itrs-lstp", "itrs-lop"]
size, bus = int(s["-size"]), int(s["-output/input bus width"])
nm = "%g" % (s["-technology"] * 1000)
read, write, leak, gate = 1e-9 * size * bus, 2e-9 * size * bus, 1e-3 * size, 1e-4 * size
if MODE == "hang":
    time.sleep(600)
if MODE == "no-organisation" or (MODE == "none-of-64-bytes" and bus >= 512):
    print("ERROR: no valid data array organizations found"); sys.exit(1)
if MODE == "crash":
    print("something else"); sys.exit(1)
if MODE == "missing-configuration":
    print(path + " is missing!"); sys.exit(255)
if MODE == "segfault":
    sys.exit(139)
if MODE == "segfault-signal":
    os.kill(os.getpid(), signal.SIGSEGV)
if MODE == "missing-lines":
    sys.exit(136)
if MODE == "invalid-input":
    sys.stderr.write("Block size must be at least 8\\n"); sys.exit(0)
version = "6.5.0 of Another year" if MODE == "other-version" else "7.0.3DD Prerelease of Aug, 2012"
shown = "nan" if MODE == "not-finite" else "%.6g" % read
ecc = 1 if s["-Add ECC"] == "true" else 0
if MODE == "other-configuration":
    ecc = 1 - ecc
listing = (
    "Associativity                 : 1\\narray type                    : Scratch RAM\\n"
    "Block size                    : %d\\nTemperature                   : %d\\n"
    "Data array cell type          : %d\\nData array peripheral type    : %d\\nECC overhead                  : %d\\n"
    "---------- CACTI (version %s), Uniform Cache Access SRAM Model ----------\\n"
    "    Access time (ns): 0.5\\n    Total dynamic read energy per access (nJ): %s\\n"
    "    Total dynamic write energy per access (nJ): %.6g\\n    Total leakage power of a bank (mW): %.6g\\n"
    "    Total gate leakage power of a bank (mW): %.6g\\n"
) % (s["-block size"], s["-operating temperature"], cells.index(s["-Data array cell type"]),
     cells.index(s["-Data array peripheral type"]), ecc, version, shown, write, leak, gate)
row = "%s, %d, 1, 1, %d, 0.5, 0.7, N/A, %s, %.6g, %.6g, 0.25, 2, 2, 0.5, 4, 1, 1, 78.4, N/A, \\n" % (
    nm, size, bus, shown, write, leak + gate)
if MODE == "truncated-row":
    row = row[: len(row) // 2]
if MODE == "truncated-listing":
    listing = listing[: listing.index("Total leakage")]
sys.stdout.write(listing)
out = path + ".out"
new = not os.path.exists(out)
with open(out, "a") as stream:
    if new:
        stream.write(HEADING)
    if MODE == "older-row-first":
        stream.write(row.replace(", 0.25,", ", 9.75,"))
    stream.write(row)
"""


def fake_cacti(folder: Path, mode: str = "ok") -> CactiBinary:
    """Write the stand-in into a folder, as a CACTI that behaves as `mode` says."""
    (folder / "tech_params").mkdir(parents=True, exist_ok=True)
    (folder / "tech_params" / "45nm.dat").write_text("-\n", encoding="utf-8")
    (folder / "mode.txt").write_text(mode, encoding="utf-8")
    source = SCRIPT.format(heading=HEADING)
    program = folder / "cacti"
    # Run as a script by the tests' own Python, so that it works on every system; the first line lets POSIX start it by itself.
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(0o755)
    return CactiBinary(folder, (sys.executable, str(program)))


def start_count(folder: Path) -> int:
    """How often the stand-in was started."""
    started = folder / "started.txt"
    return len(started.read_text(encoding="utf-8")) if started.exists() else 0
