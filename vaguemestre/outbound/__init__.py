"""The stages of a message that leaves, in order: compose address package sign deliver track."""
