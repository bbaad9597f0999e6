"""What users are told: their inbox, digests of saved searches, e-mails, feeds and webhooks."""
