"""Who signs in. Every account has a role and belongs to practices through its mailboxes; an admin has no mailbox, so no clinical access."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

ROLES = [("doctor", "doctor"), ("secretary", "secretary"), ("substitute", "substitute"), ("admin", "admin")]
CLINICAL = frozenset({"doctor", "secretary", "substitute"})


class Account(AbstractBaseUser):
    """`domains`: those that an admin administers; none means the whole operator. Always empty for the other roles."""

    login = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=10, choices=ROLES)
    mailboxes = models.ManyToManyField("records.Mailbox", blank=True)
    domains = models.ManyToManyField("records.HostedDomain", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]

    objects = BaseUserManager["Account"]()

    class Meta:
        app_label = "records"

    def __repr__(self) -> str:
        return f"<Account {self.pk} {self.role}>"

    @property
    def clinical(self) -> bool:
        return self.is_active and self.role in CLINICAL
