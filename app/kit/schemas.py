"""Bases of everything that goes in and out."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """A request body: unknown fields are refused, so that a typing error is not a silent loss."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class Output(BaseModel):
    """An answer: built from rows or dataclasses; fields have no defaults, so none is forgotten."""

    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)
