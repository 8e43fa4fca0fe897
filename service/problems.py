"""What goes wrong for a client: one tree of errors, each with its status, told as RFC 9457 documents or as a friendly page.

ServiceProblem            base
├── NotFound         404
├── NotAcceptable    406  none of the forms that the client accepts
├── BadParameter     422  names the parameter
└── Unavailable      503  nothing to serve yet, or too much load; says when to try again
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

__all__ = [
    "PROBLEM_MEDIA",
    "BadParameter",
    "NotAcceptable",
    "NotFound",
    "ServiceProblem",
    "Unavailable",
    "problem_response",
]

PROBLEM_MEDIA = "application/problem+json"


class ServiceProblem(Exception):
    """``str()`` is a sentence for the client; ``extra`` are members of the problem document, ``headers`` go with the answer."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.headers = headers or {}
        self.extra = extra


class NotFound(ServiceProblem):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND


class NotAcceptable(ServiceProblem):
    """None of the forms at hand is one that the client accepts."""

    status = HTTPStatus.NOT_ACCEPTABLE


class BadParameter(ServiceProblem):
    """A parameter's value makes no sense."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(detail, parameter=parameter)
        self.parameter = parameter


class Unavailable(ServiceProblem):
    """Not now. ``retry_after`` in seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


def problem_response(
    status: int, detail: str, extra: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The RFC 9457 document. ``type`` is left out: it is "about:blank", so the status says all there is to say."""
    document = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, **(extra or {})}
    return JSONResponse(document, status_code=int(status), headers=headers, media_type=PROBLEM_MEDIA)
