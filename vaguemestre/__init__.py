"""Vaguemestre: an operator of secure health mail in one program."""

__version__ = "0.1.0"
