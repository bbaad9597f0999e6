"""What is measured as people read it: tables, plots, and the report of an evaluation."""
