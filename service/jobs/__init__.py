"""Work that outlives its request: a queue in the database, who works it off, and what is due by the clock."""
