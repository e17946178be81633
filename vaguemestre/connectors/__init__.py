"""Outside services and every outgoing socket; each implements the `Protocol` that a stage declares."""
