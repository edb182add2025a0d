"""How long is waited for what surely comes: only what hangs takes so long, on the busiest machine too."""

from typing import Final

PATIENT_S: Final = 900.0
