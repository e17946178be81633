"""The records on PostgreSQL: Django's engine with our one writer at a time, the bell of the workers, what the server must be."""
