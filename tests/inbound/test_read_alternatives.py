"""A mail's plain and HTML text: one text, unless the HTML says what the plain one does not (RFC 2046, 5.1.4)."""

from __future__ import annotations

from tests.corpus.mail_cases import HPRIM, attached, mail, multipart, part
from vaguemestre.inbound.read import read

REPORT = (
    "<p>Patiente : ZORBEC Lucie, née le 04/05/1961</p><table><tr><td>Hémoglobine</td><td>13,4 g/dL</td></tr>"
    "<tr><td>Ferritine</td><td>42 µg/L</td></tr></table><p>Conclusion : bilan martial normal.</p>"
)


def forms(plain: str, html: str) -> bytes:
    kinds = (("text/plain; charset=utf-8", plain), ("text/html; charset=utf-8", html))
    return multipart(*(part(kind, words.encode()) for kind, words in kinds), kind="alternative", boundary="=_deux")


def test_a_report_that_only_the_html_bears_is_read() -> None:
    found = read(mail(forms("Bonjour", f"<p>Bonjour</p>{REPORT}")), "m.eml")
    (document,) = found.documents
    assert document.format == "html"
    assert "Ferritine" in document.text and "13,4 g/dL" in document.html
    assert document.patient is not None and document.patient.names_unqualified == ("ZORBEC",)
    assert found.message is not None and found.message.text == document.text


def test_words_of_the_plain_text_are_kept_above() -> None:
    (document,) = read(mail(forms("Rappelez le laboratoire avant midi.", REPORT)), "m.eml").documents
    assert document.text.startswith("Rappelez le laboratoire avant midi.\n\n")
    assert document.html.startswith("<p>Rappelez le laboratoire avant midi.</p>")
    assert "bilan martial" in document.text


def test_what_stands_above_is_written_as_words() -> None:
    (document,) = read(mail(forms("<b onclick=x>Rappelez</b> & merci beaucoup", REPORT)), "m.eml").documents
    assert document.html.startswith("<p>&lt;b onclick=x&gt;Rappelez&lt;/b&gt; &amp; merci beaucoup</p>")


def test_the_same_words_are_one_plain_text() -> None:
    words = "Bonjour,\nLa ferritine de Madame ZORBEC est de 42 µg/L, bilan martial normal."
    (document,) = read(mail(forms(words, f"<style>p {{ color: red }}</style><p>{words}</p><p>Cordialement</p>")), "m.eml").documents
    assert (document.format, document.text) == ("text", words)


def test_an_html_text_beside_a_document_is_its_cover() -> None:
    found = read(mail(multipart(forms("Bonjour", REPORT), attached("a.hpr", HPRIM))), "m.eml")
    assert [one.format for one in found.documents] == ["hprim-medecin"]
    assert found.message is not None and "bilan martial" in (found.message.text or "")


def test_an_empty_html_form_says_nothing() -> None:
    (document,) = read(mail(forms("Bonjour docteur", " ")), "m.eml").documents
    assert document.format == "text"
