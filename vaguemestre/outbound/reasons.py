"""Why a recipient waits or was given up, in words, French and English: the one table for notices, commands and screens.

A word that the table does not know, which another version wrote, is told by what the next hop answered. No sentence holds an address, a
name or what a peer wrote.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = tuple[str, str]
"""French, English."""

TABLE: Mapping[str, Words] = {
    "": ("En attente d'un premier envoi.", "Waiting for a first try."),
    "delivered": ("Accepté par l'opérateur du destinataire.", "Accepted by the recipient's operator."),
    "delivered-here": ("Remis à une boîte de ce serveur.", "Delivered to a mailbox of this server."),
    "expired": ("Délai dépassé : le message n'a pas pu être remis.", "Time is over: the message could not be delivered."),
    "returned": ("Rendu à son expéditeur par une personne.", "Given back to its sender by a person."),
    "inner-failure": ("Incident passager de ce serveur ; un autre essai suivra.", "A passing fault of this server; it will try again."),
    "carrier-silent": ("L'envoi n'a pas pu être fait ; un autre essai suivra.", "The try could not be made; it will be made again."),
    "mailbox-unknown": ("Cette boîte n'existe pas, ou n'existe plus.", "There is no such mailbox, or no longer."),
    "domain-not-listed": ("Le domaine du destinataire n'est pas dans la liste blanche.", "Their domain is not in the trust list."),
    "null-mx": ("Le domaine du destinataire ne reçoit aucun courrier.", "The recipient's domain receives no mail."),
    "no-such-domain": ("Le serveur du destinataire n'a pas été trouvé.", "The recipient's server was not found."),
    "dns-failure": ("Le serveur du destinataire n'a pas pu être recherché.", "The recipient's server could not be looked up."),
    "connect-failed": ("Le serveur du destinataire ne répond pas.", "The recipient's server does not answer."),
    "timeout": ("Le serveur du destinataire a mis trop de temps à répondre.", "The recipient's server took too long to answer."),
    "connection-lost": ("La connexion au serveur du destinataire a été coupée.", "The connection to the recipient's server was cut."),
    "cut-after-content": (
        "La connexion a été coupée avant l'accusé du serveur ; le message sera renvoyé.",
        "The connection was cut before the server's answer; the message will be sent again.",
    ),
    "starttls-not-offered": (
        "Le serveur du destinataire n'offre pas de liaison chiffrée : rien n'a été envoyé.",
        "The recipient's server offers no encrypted connection: nothing was sent.",
    ),
    "peer-not-listed": (
        "Le certificat du serveur n'est pas celui de ce domaine dans la liste blanche : rien n'a été envoyé.",
        "The server's certificate is not the one listed for this domain: nothing was sent.",
    ),
    "certificate-absent": ("Le serveur du destinataire n'a pas de certificat.", "The recipient's server has no certificate."),
    "certificate-revoked": ("Le certificat du serveur est révoqué : rien d'envoyé.", "Its server's certificate is revoked: nothing sent."),
    "certificate-expired": ("Le certificat du serveur est périmé : rien d'envoyé.", "Its server's certificate has expired: nothing sent."),
    "revocation-unknown": (
        "La révocation du certificat n'a pas pu être vérifiée : rien n'a été envoyé.",
        "Whether the certificate is revoked could not be checked: nothing was sent.",
    ),
    "trust-list-absent": ("Aucune liste blanche n'est chargée.", "No trust list is loaded."),
    "trust-list-stale": ("La liste blanche est trop ancienne.", "The trust list is too old."),
    "message-too-large": ("Message trop grand pour le serveur du destinataire.", "The message is too large for the recipient's server."),
    "peer-not-of-domain": (
        "Le certificat du serveur n'est pas celui de ce domaine dans la liste blanche : rien n'a été envoyé.",
        "The server's certificate is not the one listed for this domain: nothing was sent.",
    ),
    "no-address": ("L'adresse du serveur du destinataire n'a pas été trouvée.", "The address of the recipient's server was not found."),
    "mx-loop": ("Le domaine du destinataire renvoie vers ce serveur.", "The recipient's domain points back to this server."),
    "greeting-refused": (
        "Le serveur du destinataire ne prend pas de courrier pour l'instant.",
        "The recipient's server takes no mail now.",
    ),
    "ehlo-refused": ("Le serveur du destinataire a refusé la conversation.", "The recipient's server refused the conversation."),
    "starttls-refused": (
        "Le serveur du destinataire a refusé la liaison chiffrée : rien n'a été envoyé.",
        "The recipient's server refused an encrypted connection: nothing was sent.",
    ),
    "starttls-injection": (
        "La liaison avec le serveur du destinataire a été altérée : rien n'a été envoyé.",
        "The connection to the recipient's server was tampered with: nothing was sent.",
    ),
    "handshake-failed": (
        "La liaison chiffrée n'a pas pu être établie : rien n'a été envoyé.",
        "No encrypted connection could be made: nothing was sent.",
    ),
    "certificate-not-yet-valid": ("Le certificat du serveur n'est pas encore valable.", "The server's certificate is not valid yet."),
    "certificate-usage": ("Le certificat du serveur n'est pas fait pour cet usage.", "The server's certificate is not meant for this use."),
    "certificate-untrusted": (
        "Le certificat du serveur n'est pas d'une autorité reconnue.",
        "The server's certificate is of no known authority.",
    ),
    "peer-closing": ("Le serveur du destinataire a mis fin à la conversation.", "The recipient's server ended the conversation."),
    "bad-reply": ("Le serveur du destinataire répond mal.", "The recipient's server answers badly."),
    "unexpected-reply": ("Le serveur du destinataire répond mal.", "The recipient's server answers badly."),
    "reply-endless": ("Le serveur du destinataire répond sans fin.", "The recipient's server answers without end."),
    "too-many-connections": (
        "Trop d'envois vers ce serveur à la fois ; un autre essai suivra.",
        "Too many at once to that server; it will be tried again.",
    ),
    "too-many-recipients": (
        "Le serveur prend moins de destinataires à la fois ; un autre essai suivra.",
        "Fewer recipients at once; it will be tried again.",
    ),
    "shutting-down": ("Ce serveur s'arrêtait ; un autre essai suivra.", "This server was stopping; it will be tried again."),
    "address-malformed": ("L'adresse n'est pas bien formée.", "The address is not well formed."),
    "content-bare-cr-or-lf": ("Le message n'est pas bien formé.", "The message is not well formed."),
    "8bitmime-not-offered": ("Le serveur du destinataire ne prend pas les accents.", "The recipient's server takes seven bits only."),
    "smtputf8-not-offered": ("Le serveur ne prend pas cette forme d'adresse.", "The recipient's server takes no such address."),
    "mailbox-suspended": ("Cette boîte est suspendue ; d'autres essais suivront.", "This mailbox is suspended; it will be tried again."),
    "domain-suspended": ("Ce domaine est suspendu ; d'autres essais suivront.", "This domain is suspended; it will be tried again."),
    "mailbox-closed": ("Cette boîte est fermée.", "This mailbox is closed."),
    "mailbox-full": ("Cette boîte est pleine ; d'autres essais suivront.", "This mailbox is full; it will be tried again."),
    "message-over-quota": (
        "Le message est plus grand que ce que cette boîte peut tenir.",
        "The message is larger than that mailbox may hold.",
    ),
}  # fmt: skip

LATER: Words = ("L'opérateur du destinataire a demandé d'attendre.", "The recipient's operator asked to wait.")
NEVER: Words = ("L'opérateur du destinataire a refusé le message.", "The recipient's operator refused the message.")
UNKNOWN: Words = ("Le message n'a pas encore pu être remis.", "The message could not be delivered yet.")


def words(reason: str, code: int | None = None) -> Words:
    """(French, English) of a reason; `code`: the next hop's reply, where one came."""
    if reason in TABLE:
        return TABLE[reason]
    if code is None:
        return UNKNOWN
    return NEVER if code >= 500 else LATER


_STATUS: Mapping[str, str] = {
    "expired": "4.4.7",
    "returned": "5.0.0",
    "mailbox-unknown": "5.1.1",
    "domain-not-listed": "5.7.1",
    "null-mx": "5.1.10",
    "message-too-large": "5.3.4",
}


def status(reason: str, enhanced: str, action: str) -> str:
    """The status of RFC 3463 for a notice: that of the next hop where it fits what is told, else ours for the reason."""
    if action in {"delivered", "relayed"}:
        return "2.0.0" if action == "relayed" else "2.1.5"
    if reason in _STATUS:
        return _STATUS[reason]
    first = "4" if action == "delayed" else "5"
    return enhanced if enhanced.startswith(first) else f"{first}.0.0"
