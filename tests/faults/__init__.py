"""What may go wrong outside Muster, and what Muster does then."""
