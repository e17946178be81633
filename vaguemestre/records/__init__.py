"""What is remembered: Django models, migrations and queries."""
