"""The one base of every result."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """Frozen; JSON out loads back equal; no NaN or infinity: what is undefined is None with a reason beside."""

    # Older Pydantics keep the prefix `model_` to themselves; here it is also a model file.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())
