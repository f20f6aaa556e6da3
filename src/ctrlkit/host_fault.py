"""Why a host could not be read: a cause of the contract, what was found and expected, and what to do about it."""

from __future__ import annotations

from ctrlkit.errors import CtrlkitError
from ctrlkit.model import Cause
from ctrlkit.visible import visible


class HostFault(CtrlkitError):  # noqa: N818 - as the model says fault
    """One host was not read, or not wholly.

    `message` and `remedy` are safe to show. `partial` is what the host had sent, `fingerprint` and `key_type` are those
    of the key it showed, empty where it came to none.
    """

    def __init__(self, cause: Cause, message: str, remedy: str, *, partial: bytes = b"") -> None:
        super().__init__(visible(f"{message}; {remedy}"))
        self.cause = cause
        self.message = visible(message)
        self.remedy = visible(remedy)
        self.partial = partial
        self.fingerprint = ""
        self.key_type = ""


class Stopped(CtrlkitError):  # noqa: N818 - a person's wish, no error of a host
    """The person who started the collection ended it."""
