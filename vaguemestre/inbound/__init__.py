"""The stages of a message that arrives, in order: accept verify store read match file notify."""
