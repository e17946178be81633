"""Django's settings, made from the data directory named by `VAGUEMESTRE_DATA` (set by `cli.assemble`, handed to children).

Without a data directory (type checking, making migrations) they describe a database in memory.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from vaguemestre.domain.configuration import Configuration, check
from vaguemestre.domain.database_url import postgresql, sqlite_file
from vaguemestre.domain.fault import Refused

_data = os.environ.get("VAGUEMESTRE_DATA")
DATA_DIR: Path | None = Path(_data) if _data else None


def load_configuration(directory: Path) -> Configuration:
    """Reads and checks DIR/vaguemestre.toml. Raises `Refused`."""
    path = directory / "vaguemestre.toml"
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"{directory} is no data directory: it has no vaguemestre.toml; make one with vaguemestre init.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused(f"{path} is not valid TOML.") from None
    return check(written, os.environ)


def _key(name: str) -> str:
    if DATA_DIR is None:
        return "no-data-directory"
    return (DATA_DIR / "keys" / name).read_text(encoding="ascii").strip()


_PATIENCE = {
    "application_name": "vaguemestre",
    # A server whose machine is gone answers nothing at all: known within half a minute, not the system's quarter of an hour.
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


def _database(configuration: Configuration) -> dict[str, Any]:
    url = configuration.text("database", "url")
    server = postgresql(url)
    if server is not None:
        return {
            "ENGINE": "vaguemestre.records.postgresql",
            "NAME": server.name,
            "USER": server.user,
            "PASSWORD": server.password,
            "HOST": server.hosts,
            "PORT": server.ports,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {**_PATIENCE, **server.options},
        }
    name = str((DATA_DIR / str(sqlite_file(url))) if DATA_DIR else ":memory:")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-8000; "
            # Every 32 MB, not every 4: under load most pages are written back once for many commits. The commits are as durable.
            "PRAGMA wal_autocheckpoint=8000;",
        },
    }


VAGUEMESTRE: Configuration = load_configuration(DATA_DIR) if DATA_DIR else check({}, {})

SECRET_KEY = _key("web")
DEBUG = False
ALLOWED_HOSTS = VAGUEMESTRE.text("web", "hosts").split()
ROOT_URLCONF = "vaguemestre.web.urls"
WSGI_APPLICATION = "vaguemestre.web.wsgi.application"
DATABASES = {"default": _database(VAGUEMESTRE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "records.Account"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "vaguemestre.records",
    "vaguemestre.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "vaguemestre.web.middleware.chosen_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "vaguemestre.web.middleware.idle_timeout",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vaguemestre.web.middleware.never_kept",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(Path(__file__).parent / "web" / "templates")],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
            "builtins": ["django.templatetags.i18n", "vaguemestre.web.templatetags.screens"],
        },
    }
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "vaguemestre.web.sign_in.Adapter"
ACCOUNT_FORMS = {"login": "vaguemestre.web.sign_in.SignInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/300s/key"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "inbox"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Sign-in limits are counted here, so the screens run in one process (as many threads as wanted).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 65_536
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
DATA_UPLOAD_MAX_NUMBER_FILES = 0
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [str(Path(__file__).parent / "web" / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(VAGUEMESTRE.get("web", "secure_cookies"))
SESSION_COOKIE_AGE = VAGUEMESTRE.number("web", "idle_minutes") * 60
SESSION_ENGINE = "django.contrib.sessions.backends.db"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "vaguemestre.web.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
LOGGING_CONFIG = None
