"""The chains of hashes over the audit: their heads, signed checkpoints of them, and their verification."""
