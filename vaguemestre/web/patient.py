"""A patient's page: identity, documents, results with their history."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vaguemestre.records.queries import record
from vaguemestre.records.queries.visible import Visible
from vaguemestre.web.access import clinical, patient_or_404, trace
from vaguemestre.web.inbox import frame


@require_safe
@clinical
def show(request: HttpRequest, seen: Visible, number: int) -> HttpResponse:
    """The chart; opening it is traced."""
    patient = patient_or_404(request, seen, number)
    documents = record.documents(seen, patient)
    context = frame(seen, here="", patient=patient, documents=documents, history=record.history(seen, patient), most=record.DOCUMENTS)
    trace(request, "patient-opened", f"patient:{patient.pk}", "done")
    return render(request, "patient.html", context)
