"""What authorities do with a candidate: interest, stages, checklist, questions with one answer for all."""
