"""What is kept: sealed content, the audit log, the log of readings."""
