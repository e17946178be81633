"""Which rows name objects of the vault, and who writes there."""

from __future__ import annotations

from pathlib import Path


def test_which_tables_name_objects(data_directory: Path) -> None:
    """A new table with a column of that name names objects, or is listed among those that do not."""
    from vaguemestre.records import kept_objects

    assert kept_objects.tables() == ("records_message", "records_outgoing")
    assert data_directory.is_dir()


def test_who_keeps_bytes_holds_the_vault_until_the_rows_are_there() -> None:
    """Every module that writes to the vault of a data directory does it within `held`; a backup and a restore write to one of their own."""
    root = Path(__file__).parent.parent.parent / "vaguemestre"
    writers = {path for path in root.rglob("*.py") if "ault.keep(" in path.read_text(encoding="utf-8")}
    assert root / "pipeline" / "commit.py" in writers
    assert [
        path.name for path in writers if path.name not in {"restore.py", "backup.py"} and ".held()" not in path.read_text(encoding="utf-8")
    ] == []
