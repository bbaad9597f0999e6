"""Indexes made from the database: one engine for each audience, kept up to date from the outbox."""
