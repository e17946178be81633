"""The one module where Django looks for models; each noun has its own."""

from vaguemestre.records.accounts import Account
from vaguemestre.records.deliveries import Delivery
from vaguemestre.records.directory import DirectoryEntry, DirectoryProfessional, DirectoryState, DirectoryWord
from vaguemestre.records.documents import Document, Filing, ReadMark, Result
from vaguemestre.records.mailboxes import Folder, FolderEntry, HostedDomain, Mailbox, MailboxAlias, PatientThread, Practice
from vaguemestre.records.messages import Message
from vaguemestre.records.outgoing import Acknowledged, Asked, Outgoing, Recipient
from vaguemestre.records.patients import FilingBan, KnownSender, LocalCode, Patient
from vaguemestre.records.traces import TraceEvent, TraceHead
from vaguemestre.records.trust import RefreshSource, TrustChange, TrustEntry, TrustList, TrustLoad

__all__ = [
    "Account",
    "Acknowledged",
    "Asked",
    "Delivery",
    "DirectoryEntry",
    "DirectoryProfessional",
    "DirectoryState",
    "DirectoryWord",
    "Document",
    "Filing",
    "FilingBan",
    "Folder",
    "FolderEntry",
    "HostedDomain",
    "KnownSender",
    "LocalCode",
    "Mailbox",
    "MailboxAlias",
    "Message",
    "Outgoing",
    "Patient",
    "PatientThread",
    "Practice",
    "ReadMark",
    "Recipient",
    "RefreshSource",
    "Result",
    "TraceEvent",
    "TraceHead",
    "TrustChange",
    "TrustEntry",
    "TrustList",
    "TrustLoad",
]
