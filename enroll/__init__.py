"""Turns images and camera shots into people with face templates that can be trusted."""
