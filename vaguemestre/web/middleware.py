"""What happens around every page: the language chosen, the end of an idle sign-in, and nothing kept by browsers."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation

Next = Callable[[HttpRequest], HttpResponseBase]

TOUCH_EVERY = 60
"""Seconds between two writes of the moment an account was last seen: a page must not cost an fsync."""


def chosen_language(get_response: Next) -> Next:
    """French, unless this browser chose English: what the browser itself prefers is not asked, a practice shares its machines."""
    known = dict(settings.LANGUAGES)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = language if language in known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            if isinstance(response, HttpResponse):
                response.headers.setdefault("Content-Language", language)
            return response

    return middleware


def idle_timeout(get_response: Next) -> Next:
    """Ends a sign-in that nobody used for `web.idle_minutes`, and one whose account was closed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen", now)
            if now - seen > settings.SESSION_COOKIE_AGE:
                logout(request)
                return redirect(settings.LOGIN_URL)
            if now - seen >= TOUCH_EVERY or "seen" not in request.session:
                request.session["seen"] = now
        return get_response(request)

    return middleware


def never_kept(get_response: Next) -> Next:
    """Pages hold clinical content: neither a browser nor a proxy keeps them, unless the view said otherwise (style sheets)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware
