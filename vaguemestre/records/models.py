"""The one module where Django looks for models; each noun has its own."""

from vaguemestre.records.accounts import Account
from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.documents import Document, Filing, ReadMark, Result
from vaguemestre.records.mailboxes import Folder, FolderEntry, Mailbox, Practice
from vaguemestre.records.messages import Message
from vaguemestre.records.patients import FilingBan, KnownSender, LocalCode, Patient
from vaguemestre.records.traces import TraceEvent, TraceHead
from vaguemestre.records.trust import TrustEntry, TrustList

__all__ = [
    "Account",
    "Delivery",
    "Document",
    "Filing",
    "FilingBan",
    "Folder",
    "FolderEntry",
    "KnownSender",
    "LocalCode",
    "Mailbox",
    "Message",
    "Patient",
    "Practice",
    "ReadMark",
    "Result",
    "TraceEvent",
    "TraceHead",
    "TrustEntry",
    "TrustList",
]
