"""Which error becomes which status: one table; every error is a JSON object."""

from __future__ import annotations

import errno
import logging
import sqlite3
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sorby.core.errors import (
    ModelError,
    ProjectError,
    ReadError,
    ReviewError,
    ScaleError,
    SettingError,
    SorbyError,
    UnknownFieldError,
)

LOG = logging.getLogger(__name__)


class ReadOnlyError(SorbyError):
    """Another tab of the browser corrects this field."""


STATUS: dict[type[Exception], int] = {
    UnknownFieldError: 404,
    ReadOnlyError: 409,
    ReviewError: 409,
    ProjectError: 409,
    ModelError: 409,
    ReadError: 422,
    ScaleError: 422,
    SettingError: 422,
    SorbyError: 400,
    sqlite3.OperationalError: 503,
}
"""Looked up in this order; the first class that fits counts."""

_DISK_REFUSES = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}

CODES: dict[type[Exception], str] = {ReadOnlyError: "read_only"}
"""Codes that are not the class's own name."""


def answer(error: Exception) -> JSONResponse:
    """Answer that tells an error."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, ProjectError) and _is_full(error.__cause__):
        status = 503  # no refusal: the browser keeps its gestures and sends them again
    code = CODES.get(type(error), type(error).__name__)
    return _said(status, str(error), code)


def _is_full(cause: BaseException | None) -> bool:
    """Whether the disk does not take what is written: full, or gone, for now."""
    on_disk = isinstance(cause, OSError) and cause.errno in _DISK_REFUSES
    return on_disk or isinstance(cause, sqlite3.OperationalError)


def _said(status: int, words: str, code: str) -> JSONResponse:
    return JSONResponse({"error": words, "code": code}, status_code=status)


def add_handlers(app: FastAPI) -> None:
    """Let the table speak for every error of an application."""

    async def expected(request: Request, error: Exception) -> JSONResponse:
        return answer(error)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return _said(422, "; ".join(map(_words, error.errors()[:5])), "SettingError")

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _said(error.status_code, str(error.detail), "HTTPError")

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        LOG.exception("%s %s", request.method, request.url.path, exc_info=error)
        return _said(
            500,
            "Something went wrong that should not. The window in which  sorby app  runs shows "
            "where; nothing that was saved is lost.",
            "UnexpectedError",
        )

    app.add_exception_handler(SorbyError, expected)
    app.add_exception_handler(sqlite3.OperationalError, expected)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)


def _words(problem: Any) -> str:
    """One problem of a request, without echoing what was sent."""
    place = ".".join(str(part) for part in problem["loc"][1:]) or "the request"
    return f"{place[:100]}: {problem['msg']}"
