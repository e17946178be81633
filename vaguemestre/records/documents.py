"""What was read, one row per document and mailbox, and where it was filed.

`decision`: filed, proposed, review or blocked. `rule`: the letter of formats.md 6.5, with the doubt or veto after a colon, also once a
person filed it (`reason` is then filed-by-hand). `reason`: a stable kebab-case word, put into words by the screens (`web.wording`).
"""

from __future__ import annotations

from django.db import models


class Document(models.Model):
    """`content`: the document of reading.schema.json without its `results` and `text`; with `report`, what its message
    tells of another one (`inbound.file.document_row`). `stated`: the patient it names, with ours
    (`from_fields`, `names_guessed`). `candidates`: [{"patient": row number, "ref": text, "evidence": [[trait, verdict], ...]}],
    best first, at most 5. `sha256`: of its own bytes; `content_key`: what
    makes two documents the same one (inbound.file.content_key): the records of one HPRIM file share their bytes and not their key.
    `duplicate_of`: the first document of the practice that it repeats: of the same key, one the PDF of the other, or the same report in
    another format, which `report_key` finds (inbound.one_report.figures_key). `form_of`: another
    form of the same document in the same message (not listed by itself; its decision and chart are its document's). `abnormal`: "",
    "A", "L", "H", "LL", "HH" or "AA", the gravest flag. `own_id`, `set_id`, `version` and `replaces` are the document's own (CDA);
    `superseded_by`: the newer version of it that stands in the same chart. `rendering`: a form that shows the whole of its document as
    pages. `set_aside_at`: a person looked and chose to leave it without a chart; it leaves the list to check."""

    delivery = models.ForeignKey("records.Delivery", on_delete=models.CASCADE)
    mailbox = models.ForeignKey("records.Mailbox", on_delete=models.CASCADE, db_index=False)
    practice = models.ForeignKey("records.Practice", on_delete=models.CASCADE, db_index=False)
    position = models.IntegerField()
    format = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    content_key = models.CharField(max_length=80)
    type_code = models.CharField(max_length=64, blank=True)
    type_system = models.CharField(max_length=64, blank=True)
    type_label = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=500, blank=True)
    date = models.CharField(max_length=40, blank=True)
    author = models.CharField(max_length=300, blank=True)
    unreadable = models.BooleanField(default=False)
    abnormal = models.CharField(max_length=2, blank=True)
    results_count = models.IntegerField(default=0)
    decision = models.CharField(max_length=8)
    rule = models.CharField(max_length=40)
    reason = models.CharField(max_length=100)
    candidates = models.JSONField(default=list)
    patient = models.ForeignKey("records.Patient", null=True, on_delete=models.SET_NULL)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="repeats")
    form_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="forms")
    rendering = models.BooleanField(default=False)
    own_id = models.CharField(max_length=300, blank=True)
    set_id = models.CharField(max_length=300, blank=True)
    version = models.BigIntegerField(null=True)
    replaces = models.CharField(max_length=300, blank=True)
    report_key = models.CharField(max_length=64, blank=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="superseded")
    received_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)
    # Last, since they are long: SQLite walks a row's overflow pages to reach what stands behind them.
    stated = models.JSONField(null=True)
    content = models.JSONField()
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)

    class Meta:
        app_label = "records"
        indexes = [
            models.Index(fields=["practice", "content_key"], name="document_content"),
            # Versions are looked for within one chart (records.queries.editions), whose statements repeat these conditions.
            models.Index(fields=["patient", "set_id"], name="document_set", condition=models.Q(set_id__gt="")),
            models.Index(fields=["patient", "own_id"], name="document_own_id", condition=models.Q(own_id__gt="")),
            models.Index(fields=["patient", "replaces"], name="document_replaces", condition=models.Q(replaces__gt="")),
            models.Index(fields=["practice", "report_key"], name="document_report", condition=models.Q(report_key__gt="", form_of=None)),
            # Both hold what the lists show (no form of another document), so that a list or a count never reads the rows themselves.
            models.Index(fields=["mailbox", "-received_at", "-id"], name="document_inbox", condition=models.Q(form_of=None)),
            models.Index(
                fields=["mailbox", "-received_at", "-id"],
                name="document_waiting",
                condition=models.Q(form_of=None, set_aside_at=None) & ~models.Q(decision="filed"),
            ),
        ]

    def __repr__(self) -> str:
        return f"<Document {self.pk} {self.decision}>"

    def __str__(self) -> str:
        return repr(self)

    @property
    def document_id(self) -> str:
        return f"D{self.pk}"


class Result(models.Model):
    """One result line, exactly as read; `sort_value` is a float for sorting and charts only. `patient` is set while its document
    is filed and stands (and is the first with its content key): a chart's history is the results that bear it."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE)
    patient = models.ForeignKey("records.Patient", null=True, on_delete=models.SET_NULL)
    position = models.IntegerField()
    chapter = models.CharField(max_length=300, blank=True)
    group = models.JSONField(default=list)
    label = models.CharField(max_length=500, blank=True)
    code = models.CharField(max_length=64, blank=True)
    code_system = models.CharField(max_length=64, blank=True)
    value = models.TextField(blank=True)
    comparator = models.CharField(max_length=2, blank=True)
    number = models.CharField(max_length=64, blank=True)
    sort_value = models.FloatField(null=True)
    unit = models.CharField(max_length=64, blank=True)
    low = models.CharField(max_length=64, blank=True)
    high = models.CharField(max_length=64, blank=True)
    flag = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32, blank=True)
    date = models.CharField(max_length=40, blank=True)
    comment = models.TextField(blank=True)
    specimen = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=300, blank=True)
    alternative = models.JSONField(null=True)

    class Meta:
        app_label = "records"


class Filing(models.Model):
    """Each act of filing, by rule or by a person, and its undoing: never deleted."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE)
    patient = models.ForeignKey("records.Patient", on_delete=models.CASCADE)
    rule = models.CharField(max_length=40)
    evidence = models.JSONField(default=list)
    by = models.ForeignKey("records.Account", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey("records.Account", null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "records"


class ReadMark(models.Model):
    """This account opened this document: read state is per person, and filing never changes it (promise 10). `mailbox` is the
    document's, so that what is left to read is counted without looking at each document."""

    account = models.ForeignKey("records.Account", on_delete=models.CASCADE, db_index=False)
    mailbox = models.ForeignKey("records.Mailbox", on_delete=models.CASCADE, db_index=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        app_label = "records"
        constraints = [models.UniqueConstraint(fields=["account", "document"], name="read_once")]
        indexes = [models.Index(fields=["account", "mailbox"], name="read_in_mailbox")]
