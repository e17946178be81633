"""The screens as Django sees them."""

from __future__ import annotations

from django.apps import AppConfig

from vaguemestre.web import logs


class WebConfig(AppConfig):
    name = "vaguemestre.web"
    label = "web"

    def ready(self) -> None:
        logs.install()
