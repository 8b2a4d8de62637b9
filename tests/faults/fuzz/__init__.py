"""Damaged and hostile files: every parser answers with what it read or with one sentence."""
