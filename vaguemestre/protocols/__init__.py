"""Mail grammars without sockets."""
