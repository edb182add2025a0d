"""The memories `cacti compare` sets side by side."""

from __future__ import annotations

from typing import Final, NamedTuple

DECK: Final = "deck-45nm-hp-128k-64b"
FLASH_CACHE: Final = "esp32cache-40nm-lstp-32k-4b"
"""What an ESP32 reads flash through."""
FLASH_LINE: Final = "flash-line-40mhz-dio"


class ComparedMemory(NamedTuple):
    """One convention, by the names of what it needs."""

    role: str
    label: str
    memory: str
    """As `memory_energy` reads it."""
    element_bytes: int | None


COMPARED_MEMORIES: Final = (
    ComparedMemory("deck", "deck: 4-byte operands packed in 64 B", DECK, 4),
    ComparedMemory("operand-64b", "64 B access per operand", DECK, 64),
    ComparedMemory("packed-64b", "own sizes packed in 64 B", DECK, None),
    ComparedMemory("word-hp", "word access per operand, HP", "sram-45nm-hp-128k-4b-ecc", 4),
    ComparedMemory("packed-word-hp", "own sizes packed in words, HP", "sram-45nm-hp-128k-4b-ecc", None),
    ComparedMemory("byte-hp", "byte access per operand, HP", "sram-45nm-hp-128k-1b-ecc", 1),
    ComparedMemory("word-hp-warm", "word access, HP at 350 K", "sram-45nm-hp-128k-4b-ecc-350k", 4),
    ComparedMemory("word-lstp", "word access, LSTP", "sram-45nm-lstp-128k-4b-ecc", 4),
    ComparedMemory("word-lstp-warm", "word access, LSTP at 350 K", "size=128KiB,width=4,node=45,cell=lstp,ecc=yes,temperature=350", 4),
    ComparedMemory("word-lop", "word access, LOP", "sram-45nm-lop-128k-4b-ecc", 4),
    ComparedMemory("esp32", "ESP32 profile: word access", "esp32-40nm-lstp-320k-4b", 4),
    ComparedMemory("esp32-warm", "ESP32 profile at 350 K", "esp32-40nm-lstp-320k-4b-350k", 4),
    ComparedMemory("horowitz-32k", "Horowitz 32 KB cache, 64-bit access", "horowitz-45nm-32k", 8),
    ComparedMemory("horowitz-1m", "Horowitz 1 MB cache, 64-bit access", "horowitz-45nm-1m", 8),
    ComparedMemory("horowitz-dram", "Horowitz DRAM, 64-bit access", "horowitz-45nm-dram", 8),
    ComparedMemory("eyeriss-register", "Eyeriss register file, 16 bit", "eyeriss-45nm-register-file", 2),
    ComparedMemory("eyeriss-buffer", "Eyeriss global buffer, 16 bit", "eyeriss-45nm-buffer", 2),
    ComparedMemory("eyeriss-dram", "Eyeriss DRAM, 16 bit", "eyeriss-45nm-dram", 2),
)
"""In the order of the page."""
