"""One function a question."""
