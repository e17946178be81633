"""Django's entry for the records."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "vaguemestre.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
