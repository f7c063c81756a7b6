# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define how a call of an API ends if it does not end with a response."""

from __future__ import annotations

from ..units import Unit


class CallError(Exception):
    """Raised by a `Caller` instead of returning a response.

    ``code`` is the error code of the service, "" if no response arrived. ``message`` says what was
    found. ``operation`` is set by the collector, ``unit`` for programs that read units one by one. A
    caller raises one of the subclasses below; it need not know which codes mean that there is nothing
    to return.
    """

    operation: str = ""
    unit: Unit | None = None

    def __init__(self, code: str = "", message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    @property
    def reason(self) -> str:
        """The code and the message."""
        return ": ".join(part for part in (self.code, self.message) if part)

    def __str__(self) -> str:
        unit = self.unit
        place = unit and f"{unit.table} in {unit.region} of account {unit.account}"
        return ": ".join(part for part in (place, self.operation, self.reason) if part)


class Failed(CallError):
    """The call failed after all retries, or with an error that retries do not mend."""


class Denied(CallError):
    """The credentials lack the permission for the call."""


class Expired(CallError):
    """The credentials are no longer valid, or never were: every further call fails as well."""


class NoEndpoint(CallError):
    """The service does not exist in the region, or the account has not enabled the region."""


class Absent(CallError):
    """There is nothing to return. Raised by the collector for the codes in `CallRules.absent`."""


class Malformed(Failed):
    """The response is not what the operation returns."""


class MissingMember(Malformed):
    """An item lacks ``member``, which a call needs."""

    def __init__(self, member: str, message: str) -> None:
        super().__init__("", message)
        self.member = member


class RepeatedToken(Failed):
    """A page requests a page that was read already, so the listing would never end."""
