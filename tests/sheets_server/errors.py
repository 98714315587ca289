"""What Google answers when it refuses: a status, a sentence, sometimes details."""

from typing import Any

REASONS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
SENTENCES = {
    401: (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    ),
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}
MISSING_CREDENTIALS = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class ApiError(Exception):
    """A request the API refuses; *body* is what it answers."""

    def __init__(self, status: int, message: str = "", details: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message or SENTENCES.get(status, "")
        self.details = details or []

    @property
    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.status, "message": self.message, "status": REASONS.get(self.status, "")}
        return {"error": error | ({"details": self.details} if self.details else {})}

    def within(self, place: str) -> "ApiError":
        """The same refusal, naming the part of the request it is about."""
        return ApiError(self.status, f"Invalid {place}: {self.message}", self.details)


class DriveError(ApiError):
    """Drive says the same things in another shape."""

    def __init__(self, status: int, message: str, reason: str, **where: str) -> None:
        super().__init__(status, message)
        self.why = {"message": message, "domain": "global", "reason": reason} | where

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.status, "message": self.message, "errors": [self.why]}}


def bad(message: str) -> ApiError:
    return ApiError(400, message)


def violations(found: list[tuple[str, str]], message: str = "") -> ApiError:
    """A 400 that lists each (field, what is wrong with it), as Google does for a body it cannot read."""
    details = [{"field": field, "description": text} for field, text in found]
    kind = "type.googleapis.com/google.rpc.BadRequest"
    text = message or "\n".join(text for _, text in found)
    return ApiError(400, text, [{"@type": kind, "fieldViolations": details}])


def quota(kind: str, limit: int) -> ApiError:
    """429 for too many *kind* ("Read" or "Write") requests in a minute."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "service": "sheets.googleapis.com",
            "consumer": "projects/100000000000",
            "quota_location": "global",
            "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
            "quota_limit": f"{kind}RequestsPerMinutePerUser",
            "quota_limit_value": str(limit),
        },
    }
    message = (
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute per user' of "
        "service 'sheets.googleapis.com' for consumer 'project_number:100000000000'."
    )
    link = {
        "description": "Request a higher quota limit.",
        "url": "https://cloud.google.com/docs/quotas/help/request_increase",
    }
    return ApiError(429, message, [info, {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}])
