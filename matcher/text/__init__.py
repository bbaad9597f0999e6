"""Reading text in 24 languages: folding, language, sentences, terms."""
