"""Listeners: asyncio, thin."""
